/** Counts and times requests, by the route that took them: never by the path that a client sent. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Metrics } from './metrics.ts'
import type { RouteTally } from './request-tally.ts'

/** Replies of these codes are failed authentications. */
const keyProblems: ReadonlySet<string> = new Set(['key_missing', 'key_unknown', 'key_too_weak'])
/** Methods that stand for themselves; the rest is one. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])

async function httpMetrics (app: FastifyInstance, { metrics }: { readonly metrics: Metrics }): Promise<void> {
  const tallyOf = (method: string, route: string): RouteTally => metrics.requests.of(methods.has(method) ? method : 'other', route)

  const count = (tally: RouteTally, isStream: boolean, request: FastifyRequest, reply: FastifyReply): void => {
    tally.count(reply.statusCode)
    const { query, problemCode } = request
    const waits = isStream || (typeof query === 'object' && query !== null && Object.hasOwn(query, 'wait'))
    if (!waits) tally.time(reply.elapsedTime / 1000)
    // Beyond the limit a wrong key is another problem; an address that guesses goes beyond it.
    const refused = request.hasWrongKey ? 'key_unknown' : problemCode
    if (refused !== null && keyProblems.has(refused)) metrics.refusedKeys.inc({ reason: refused })
  }

  app.addHook('onRoute', (route) => {
    const isStream = route.url.endsWith('/events')
    const tallies = new Map([route.method].flat().map((method) => [method, tallyOf(method, route.url)]))
    const only = tallies.size === 1 ? [...tallies.values()][0] : undefined
    route.onResponse = [route.onResponse ?? []].flat().concat((request, reply, done) => {
      const tally = only ?? tallies.get(request.method)
      if (tally !== undefined) count(tally, isStream, request, reply)
      done()
    })
  })

  app.addHook('onResponse', (request, reply, done) => {
    if (request.is404) count(tallyOf(request.method, 'unknown'), false, request, reply)
    done()
  })
}

export default fp(httpMetrics, { name: 'http-metrics', dependencies: ['audit'] })
