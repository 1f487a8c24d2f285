import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { plainText, problems } from '../../schemas/replies.ts'

/** `/api/v1/metrics`: what PVC's configuration for Prometheus scrapes. */
const pvcMetrics: FastifyPluginAsyncTypebox = async (app) => {
  for (const [url, kind, summary] of [['/metrics', 'all', 'Figures of the cluster under PVC\'s names'], ['/metrics/health', 'health', 'Health of the cluster under PVC\'s names']] as const) {
    app.get(url, {
      config: { access: 'open' },
      schema: {
        operationId: kind === 'all' ? 'getPvcMetrics' : 'getPvcHealthMetrics',
        summary,
        description: 'For Prometheus, as PVC\'s own API has them; this API\'s own figures are at `/metrics`. Needs no key.',
        tags: ['pvc'],
        security: [],
        response: { 200: plainText('The figures, in the text format of Prometheus.'), ...problems(400, 503) },
      },
    }, (_request, reply) => {
      reply.sendDocument(app.services.pvcMetrics.document(kind))
    })
  }
}

export default pvcMetrics
