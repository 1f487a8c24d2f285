/**
 * What every reading below `/api/` has in common: `?consistent` has the view catch up with ZooKeeper before the reply is made (503 if it
 * cannot), and every 200 carries an `ETag`, so that `If-None-Match` gets 304. A route that makes a tag of its own keeps it.
 *
 * Both are put into the description of each such route here, so that no route can lack them.
 */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { consistent, ifNoneMatch } from '../../../schemas/parameters.ts'
import { empty, problems } from '../../../schemas/replies.ts'
import type { Contact } from '../contact.ts'
import { etagOf, isTagIn, textTag } from '../etag.ts'
import type { View } from '../view.ts'

export interface ReadingsOptions {
  readonly view: View
  readonly contact: Contact
}

interface Part { readonly properties?: object }
interface ReadingSchema { querystring?: unknown, headers?: unknown, response?: unknown }

const isReading = ({ method, url }: { readonly method: string | string[], readonly url: string }) =>
  url.startsWith('/api/') && [method].flat().every((name) => name === 'GET' || name === 'HEAD')

/** `part` with one more property. */
const withProperty = (part: unknown, name: string, schema: object) =>
  ({ type: 'object', ...part as Part | undefined, properties: { ...(part as Part | undefined)?.properties, [name]: schema } })

function describe (route: RouteOptions): void {
  const schema = (route.schema ??= {}) as ReadingSchema
  schema.querystring = withProperty(schema.querystring, 'consistent', consistent)
  schema.headers = withProperty(schema.headers, 'if-none-match', ifNoneMatch)
  schema.response = { ...problems(400, 503), 304: empty('As the client knows it, by the ETag that it sent.'), ...schema.response as object }
}

/** Whether the client wants what is true now, not what the view shows. */
function wantsConsistent (request: FastifyRequest): boolean {
  const { consistent: wanted } = request.query as { readonly consistent?: string }
  return wanted !== undefined && wanted !== 'false'
}

async function readings (app: FastifyInstance, { view, contact }: ReadingsOptions): Promise<void> {
  app.addHook('onRoute', (route) => { if (isReading(route)) describe(route) })

  app.addHook('preHandler', async (request) => {
    if (isReading({ method: request.method, url: request.routeOptions.url ?? '' }) && wantsConsistent(request)) {
      await contact.bounded(async (signal) => await view.caughtUp(signal))
    }
  })

  app.addHook('preSerialization', async (request, reply, payload: unknown) => {
    const { url = '' } = request.routeOptions
    if (reply.statusCode === 200 && isReading({ method: request.method, url }) && typeof payload === 'object' && payload !== null && !reply.hasHeader('etag')) {
      reply.header('etag', etagOf(payload))
    }
    return payload
  })

  app.addHook('onSend', async (request, reply, payload: unknown) => {
    if (reply.statusCode !== 200 || !isReading({ method: request.method, url: request.routeOptions.url ?? '' })) return payload
    if (typeof payload === 'string' && !reply.hasHeader('etag')) reply.header('etag', textTag(payload))
    if (!reply.hasHeader('etag') || !isTagIn(request.headers['if-none-match'], String(reply.getHeader('etag')))) return payload
    reply.code(304).removeHeader('content-type').removeHeader('content-length')
    return null
  })
}

export default fp(readings, { name: 'readings', dependencies: ['problems'] })
