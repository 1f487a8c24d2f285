/** Counts and times requests, by the route that took them: never by the path that a client sent. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Metrics } from '../metrics.ts'

/** Replies of these codes are failed authentications. */
const keyProblems: ReadonlySet<string> = new Set(['key_missing', 'key_unknown', 'key_too_weak'])
/** Methods that stand for themselves; the rest is one. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS'])

async function httpMetrics (app: FastifyInstance, { metrics }: { readonly metrics: Metrics }): Promise<void> {
  app.addHook('onResponse', async (request, reply) => {
    const method = methods.has(request.method) ? request.method : 'other'
    const route = request.is404 ? 'unknown' : request.routeOptions.url ?? 'unknown'
    metrics.requests.inc({ method, route, status: String(reply.statusCode) })
    const waits = typeof request.query === 'object' && request.query !== null && Object.hasOwn(request.query, 'wait')
    if (!waits && !route.endsWith('/events')) metrics.requestSeconds.observe({ method, route }, reply.elapsedTime / 1000)
    if (request.problemCode !== null && keyProblems.has(request.problemCode)) metrics.refusedKeys.inc({ reason: request.problemCode })
  })
}

export default fp(httpMetrics, { name: 'http-metrics', dependencies: ['audit'] })
