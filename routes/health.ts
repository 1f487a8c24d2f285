import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Health } from '../schemas/message.ts'
import { problems, replies } from '../schemas/replies.ts'

const common = { tags: ['health'], security: [] }

/** `/health/…`: for whoever starts, stops and watches this process. */
const health: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/health/live', {
    schema: { ...common, operationId: 'getLiveness', summary: 'Whether this process answers', description: 'Needs no key.', response: { 200: replies(Health, 'It does.'), ...problems(400) } },
  }, () => ({ ...app.services.health.report().body, status: 'ok' }))

  app.get('/health/ready', {
    schema: {
      ...common,
      operationId: 'getReadiness',
      summary: 'Whether this API can do its work',
      description: 'It can while ZooKeeper answers. Needs no key.',
      response: { 200: replies(Health, 'It can.'), 503: replies(Health, 'It cannot.'), ...problems(400) },
    },
  }, (_request, reply) => {
    const { ready, body } = app.services.health.report()
    return reply.code(ready ? 200 : 503).send(body)
  })
}

export default health
