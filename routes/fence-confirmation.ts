import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FenceConfirmation, Message } from '../schemas/message.ts'
import { nodeParams } from '../schemas/parameters.ts'
import { problems, replies } from '../schemas/replies.ts'

/** `/node/{node}/fence-confirmation`: an operator's word that a node is down. */
const fenceConfirmation: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/node/:node/fence-confirmation', {
    schema: {
      operationId: 'confirmFence',
      summary: 'Vouch that a node is down',
      description: 'Makes a node that a peer has judged dead `fenced` and `secondary`, so that another may take over what it may have held. **Be certain that it is down**: if it is not, two nodes may hold the same resources. 409 unless it is `dead`, without presence, and has written no keepalive since. A node of PVC\'s that no peer judges, because no coordinator has a fencing agent, has to have written no keepalive for 60 s instead.',
      tags: ['switchover'],
      params: nodeParams,
      body: FenceConfirmation,
      response: { 200: replies(Message, 'It is fenced now, or was already.'), ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
    },
  }, async ({ params, body, requestedBy }) => ({ message: await app.services.fences.confirm(params.node, body.confirm, requestedBy) }))
}

export default fenceConfirmation
