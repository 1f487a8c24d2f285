import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { empty, problems, replies } from '../schemas/replies.ts'
import { PrimaryNode } from '../schemas/status.ts'

/** `/status/primary_node`: whom the primary key names. */
const primaryNode: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/status/primary_node', {
    config: { access: 'open' },
    schema: {
      operationId: 'getPrimaryNode',
      summary: 'Whom the primary key names',
      description: 'Empty for a key that is empty. Needs no key.',
      tags: ['pvc'],
      security: [],
      response: { 200: replies(PrimaryNode, 'The node.'), 204: empty('The key names no node.'), ...problems(400, 503) },
    },
  }, (_request, reply) => {
    return app.services.nodes.primary() ?? reply.code(204).send()
  })
}

export default primaryNode
