import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Health } from '../schemas/message.ts'
import { problems, replies } from '../schemas/replies.ts'

const common = { tags: ['health'], security: [] }

/** `/health/…`: for whoever starts, stops and watches this process; by GET, HEAD or OPTIONS. */
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
  }
}

export default health
