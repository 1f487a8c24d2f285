import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { ClusterHealth } from '../schemas/condition.ts'
import { Health } from '../schemas/message.ts'
import { problems, replies } from '../schemas/replies.ts'

const answers = { '': 503, true: 503, false: 200, 200: 200, 429: 429, 503: 503 } as const
const query = Type.Object({
  warning: Type.Optional(Type.Enum(['', 'true', 'false', '200', '429', '503'], {
    description: 'What to answer while there is a warning and nothing worse: a status; with no value or `true` 503. 200 unless given.',
  })),
})

const common = { tags: ['health'], security: [] }

/** `/health/…`: whether this process lives and is ready, for service managers and load balancers; and whether the cluster is well; by GET, HEAD or OPTIONS. */
const health: FastifyPluginAsyncTypebox = async (app) => {
  for (const method of ['GET', 'OPTIONS'] as const) {
    const verb = method === 'GET' ? 'get' : 'check'
    app.route({
      method,
      url: '/health/live',
      config: { access: 'open', anyQuery: true },
      schema: { ...common, operationId: `${verb}Liveness`, summary: 'Whether this process answers', description: 'Parameters are ignored.', response: { 200: replies(Health, 'It does.'), ...problems(400) } },
      handler: () => ({ ...app.services.health.report().body, status: 'ok' }),
    })

    app.route({
      method,
      url: '/health/ready',
      config: { access: 'open', anyQuery: true },
      schema: {
        ...common,
        operationId: `${verb}Readiness`,
        summary: 'Whether this API can do its work',
        description: 'It can while ZooKeeper answers and this process is not stopping. Parameters are ignored.',
        response: { 200: replies(Health, 'It can.'), 503: replies(Health, 'It cannot.'), ...problems(400) },
      },
      handler: (_request, reply) => {
        const { ready, body } = app.services.health.report()
        return reply.code(ready ? 200 : 503).send(body)
      },
    })

    app.route({
      method,
      url: '/health/cluster',
      config: { access: 'open', anyQuery: true },
      schema: {
        ...common,
        operationId: `${verb}ClusterHealth`,
        summary: 'Whether the cluster is well',
        description: '503 while there is a critical condition: the service is not provided, or could not be taken over, or this API cannot tell. With `warning` another status than 200 while there is a warning. Needs no key; other parameters are ignored. This concerns the cluster, not this API: it is no check for a load balancer in front of several.',
        querystring: query,
        response: { 200: replies(ClusterHealth, 'It is.'), 429: replies(ClusterHealth, 'There is a warning, if that was asked for.'), 503: replies(ClusterHealth, 'It is not, or that is not known.'), ...problems(400) },
      },
      handler: ({ query: { warning = 'false' } }, reply) => {
        const health = app.services.health.cluster()
        return reply.code(health.status === 'critical' ? 503 : health.status === 'warning' ? answers[warning] : 200).send(health)
      },
    })
  }
}

export default health
