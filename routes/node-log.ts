import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { NodeLog } from '../schemas/node.ts'
import { nodeParams } from '../schemas/parameters.ts'
import { problems, replies } from '../schemas/replies.ts'

const amount = Type.Object({
  lines: Type.Integer({ description: 'How many lines from the end.', minimum: 1, maximum: 1_000_000, default: 10 }),
})

/** `/node/{node}/log`: the end of a node's log. */
const nodeLog: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/node/:node/log', {
    config: { formQuery: true },
    schema: {
      operationId: 'getNodeLog',
      summary: 'The end of a node\'s log',
      description: 'Read from ZooKeeper for this request.',
      tags: ['pvc'],
      params: nodeParams,
      querystring: Type.Partial(amount),
      response: { 200: replies(NodeLog, 'The lines.'), ...problems(400, 401, 404, 413, 503) },
    },
  }, async ({ params, query }, reply) => {
    reply.sendReading(await app.services.nodes.log(params.node, query.lines ?? 10))
    return reply
  })
}

export default nodeLog
