/**
 * Conditions that a client puts on a write: a route that judges `If-Match` says so in its description. Elsewhere a write with a condition is
 * refused: passed over, it would be done although the client has said when it must not be.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '../../../schemas/replies.ts'
import { ApiError } from '../errors/errors.ts'
import { checkTags } from '../http/etag.ts'

const CONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since'] as const

interface WriteSchema { headers?: { readonly properties?: Readonly<Record<string, unknown>> }, response?: unknown }

const isWrite = ({ method, url }: Pick<RouteOptions, 'method' | 'url'>) => url.startsWith('/api/') && [method].flat().some((name) => !['GET', 'HEAD', 'OPTIONS'].includes(name))

/** The error of the first of these headers that is no list of entity tags, as where it is judged; null if there is none. */
function malformedTags (names: readonly string[], headers: IncomingHttpHeaders): Error | null {
  try {
    for (const name of names) checkTags(headers[name] as string | undefined, name === 'if-match' ? 'If-Match' : 'If-None-Match')
    return null
  } catch (error) {
    return error as Error
  }
}

async function preconditions (app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (!isWrite(route)) return
    const schema = (route.schema ??= {}) as WriteSchema
    const unjudged = CONDITIONS.filter((name) => schema.headers?.properties?.[name] === undefined)
    schema.response = { ...problems(412), ...schema.response as object }
    route.preHandler = [route.preHandler ?? []].flat().concat(({ headers }, _reply, done) => {
      const found = unjudged.find((name) => headers[name] !== undefined)
      const malformed = found === undefined ? null : malformedTags(unjudged.filter((name) => name !== 'if-unmodified-since'), headers)
      if (found === undefined) done()
      else if (malformed !== null) done(malformed)
      else done(new ApiError('precondition_failed', `This route does not judge the header ${found}, so the request was not carried out. Leave the header out, or make sure of the condition by yourself.`, { outcome: 'not_started' }))
    })
  })
}

export default fp(preconditions, { name: 'preconditions', dependencies: ['problems'] })
