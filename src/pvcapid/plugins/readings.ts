/**
 * What every reading below `/api/` has in common: `?consistent` has the view catch up with ZooKeeper before the reply is made (503 if it
 * cannot), and every 200 carries an `ETag`, so that `If-None-Match` gets 304. A route that has a tag of its own sends its reading by itself.
 *
 * A reading's handler gives an object; its text and its tag are made once for as long as that object is what there is to be said, and sent as
 * they are. All of it is put around the handler of each such route as it is registered, and into its description, so that no route can lack it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { consistent, ifNoneMatch } from '../../../schemas/parameters.ts'
import { empty, problems } from '../../../schemas/replies.ts'
import type { Contact } from '../services/contact.ts'
import { serialized } from '../fast-path/serialized-reply.ts'
import type { ClusterCache } from '../services/cluster-cache.ts'

export interface ReadingsOptions {
  readonly view: ClusterCache
  readonly contact: Contact
}

interface Part { readonly properties?: object }
interface ReadingSchema { querystring?: unknown, headers?: unknown, response?: unknown }

const isReading = ({ method, url }: Pick<RouteOptions, 'method' | 'url'>) =>
  url.startsWith('/api/') && [method].flat().every((name) => name === 'GET' || name === 'HEAD')

/** `part` with one more property. */
const withProperty = (part: unknown, name: string, schema: object) =>
  ({ type: 'object', ...part as Part | undefined, properties: { ...(part as Part | undefined)?.properties, [name]: schema } })

function describe (route: RouteOptions): void {
  const schema = (route.schema ??= {}) as ReadingSchema
  schema.querystring = withProperty(schema.querystring, 'consistent', consistent)
  schema.headers = withProperty(schema.headers, 'if-none-match', ifNoneMatch)
  schema.response = { ...route.config?.access === 'open' ? problems(400, 503) : problems(400, 403, 503), 304: empty('As the client knows it, by the ETag that it sent.'), ...schema.response as object }
}

/** Whether the client wants what is true now, not what the view shows. */
function wantsConsistent (request: FastifyRequest): boolean {
  const { consistent: wanted } = request.query as { readonly consistent?: string }
  return wanted !== undefined && wanted !== 'false'
}

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise

/** Sends what a handler gave; one that has sent its reply itself gives that, or nothing. */
function answer (reply: FastifyReply, given: unknown): void {
  if (given === undefined || given === reply) return
  if (typeof given === 'object' && given !== null && reply.statusCode === 200) reply.sendReading(serialized(given))
  else reply.send(given)
}

async function readings (app: FastifyInstance, { view, contact }: ReadingsOptions): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (!isReading(route)) return
    describe(route)
    const { handler } = route
    route.handler = function (request, reply) {
      if (wantsConsistent(request)) return contact.shared(view.catchingUp, reply).then(async () => await handler.call(this, request, reply)).then((given) => answer(reply, given))
      const given = handler.call(this, request, reply)
      return isPromise(given) ? given.then((late) => answer(reply, late)) : answer(reply, given)
    }
  })
}

export default fp(readings, { name: 'readings', dependencies: ['problems', 'reply-headers'] })
