import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { plainText, problems } from '../schemas/replies.ts'

/** `/metrics`: for Prometheus. */
const metrics: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/metrics', {
    config: { access: 'open' },
    schema: {
      operationId: 'getMetrics',
      summary: 'Figures for Prometheus',
      description: 'Nodes and coordinators by state, the primary, switchovers by cause and outcome with the duration of their phases, and how this API is doing. Needs no key.',
      tags: ['health'],
      security: [],
      response: { 200: plainText('The figures, in the text format of Prometheus.'), ...problems(400) },
    },
  }, async (_request, reply) => {
    const bytes = await app.services.metrics.text()
    reply.type('text/plain; version=0.0.4; charset=utf-8').sendBytes([bytes], bytes.length)
  })
}

export default metrics
