import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Message } from '../schemas/message.ts'
import { problems, replies } from '../schemas/replies.ts'
import { ClusterStatus } from '../schemas/status.ts'
import { pvcState } from './pvc-state.ts'

const wanted = pvcState(['true', 'false'], 'Whether the cluster is to be in maintenance mode.')

/** `/status`: the cluster in one reply, and maintenance mode. */
const status: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/status', {
    schema: {
      operationId: 'getStatus',
      summary: 'The cluster in one reply',
      description: 'Health, counts and sums of nodes and domains, and the faults.',
      tags: ['pvc'],
      response: { 200: replies(ClusterStatus, 'The cluster.'), ...problems(401, 503) },
    },
  }, () => app.services.view.status)

  app.post('/status', {
    ...wanted,
    schema: {
      operationId: 'setMaintenance',
      summary: 'Switch maintenance mode',
      description: 'While it is on, no node is fenced. The state is given in the query or in a form.',
      tags: ['pvc'],
      ...wanted.schema,
      response: { 200: replies(Message, 'What was done.'), ...problems(400, 401, 403, 412, 413, 415, 503) },
    },
  }, async ({ query, body, headers }) => ({ message: await app.services.settings.setMaintenance([query, body], headers['if-match']) }))
}

export default status
