/**
 * What is refused of a body before it is read: a body where the route takes none, since its client then means something else than it asks for; an encoding or a
 * character set that is not read. A body of no bytes is none, whatever type it is said to have. Routes that ignore parameters (`anyQuery`) ignore bodies, too.
 *
 * A client that waits with its body (`Expect: 100-continue`) is asked for it here, unless the headers decide already that it is not read.
 */
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError } from '../errors/errors.ts'
import { sendContinue } from '../http/expect-continue.ts'
import { BODY_BYTES } from '../request/bounds.ts'
import { foreignCharset } from '../request/request-faults.ts'
import { isForm } from './forms.ts'

/** What is in the way of the framework's own look at an empty body, which would ask for a parser of its type. */
const EMPTY = { 'content-type': undefined, 'content-length': '0', 'transfer-encoding': undefined } as const

interface BodySchema { readonly body?: unknown, readonly summary?: string, readonly querystring?: { readonly properties?: object } }

/** Whether a body in chunks has any bytes. They are lost: such a body is refused. */
async function hasBytes (payload: Readable): Promise<boolean> {
  for await (const piece of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) if (piece.length > 0) return true
  return false
}

function notTaken (method: string, url: string, formQuery: boolean, { summary = '', querystring }: BodySchema): ApiError {
  const names = Object.keys(querystring?.properties ?? {})
  const takes = names.length === 0 ? 'no parameters' : `${names.join(', ')} in the query${formQuery ? ' or in a form' : ''}`
  return new ApiError('body_not_taken', `${method} ${url}${summary === '' ? '' : ` (${summary})`} takes no ${formQuery ? 'body but a form' : 'body'}; it takes ${takes}. Nothing was done; leave the body out.`)
}

function unreadable ({ headers }: FastifyRequest): ApiError | null {
  const encoding = headers['content-encoding']
  const charset = foreignCharset(headers['content-type'])
  if (charset !== null) return new ApiError('media_type_unsupported', `A body in the character set "${charset.slice(0, 32)}" is not taken. Nothing was done; send UTF-8.`)
  if (encoding === undefined || encoding === 'identity') return null
  return new ApiError('encoding_unsupported', `A body in the encoding "${encoding.slice(0, 32)}" is not taken. Nothing was done; send it as it is.`, { headers: { 'accept-encoding': 'identity' } })
}

/** Resolves with the error of a request that has a body, or says something of one; null if there is none. */
async function bodyFault (request: FastifyRequest, { raw }: FastifyReply, payload: Readable): Promise<ApiError | null> {
  const { method, headers } = request
  const { schema = {}, config, url = '' } = request.routeOptions as { readonly schema?: BodySchema, readonly config: { readonly formQuery?: boolean, readonly anyQuery?: boolean }, readonly url?: string }
  if (schema.body !== undefined) return unreadable(request)
  const { formQuery = false, anyQuery = false } = config
  if (formQuery && isForm(headers['content-type'])) return null
  const isChunked = headers['transfer-encoding'] !== undefined
  // Only the body tells whether there is one.
  if (isChunked && !anyQuery) sendContinue(raw)
  const has = isChunked ? !anyQuery && await hasBytes(payload) : Number(headers['content-length'] ?? 0) > 0
  if (has && !anyQuery) return notTaken(method, url, formQuery, schema)
  if (method !== 'GET' && method !== 'HEAD') request.headers = EMPTY as unknown as Record<string, string>
  return null
}

/** The framework refuses these once it has the headers. */
const isRefused = ({ headers, server }: FastifyRequest): boolean =>
  Number(headers['content-length'] ?? 0) > BODY_BYTES || !server.hasContentTypeParser(headers['content-type'] ?? '')

async function bodies (app: FastifyInstance): Promise<void> {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { headers } = request.raw
    // Nothing of the body is read: where there is no route, none is waited for either.
    if (request.is404) request.headers = EMPTY as unknown as Record<string, string>
    if (request.is404 || (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined && headers['content-type'] === undefined)) {
      done()
      return
    }
    bodyFault(request, reply, payload as Readable).then((fault) => {
      if (fault === null && !isRefused(request)) sendContinue(reply.raw)
      done(fault)
    }, done)
  })
}

export default fp(bodies, { name: 'bodies', dependencies: ['problems'] })
