import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { problems } from '../../schemas/replies.ts'

const NONE = Object.freeze([])

/** `/tasks`: what PVC's worker does in the background. This API has no worker. */
const tasks: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/tasks', {
    schema: {
      operationId: 'listTasks',
      summary: 'Background tasks',
      description: 'Always empty: this API has no worker.',
      tags: ['pvc'],
      response: { 200: Type.Array(Type.Unknown(), { description: 'No tasks.', maxItems: 0 }), ...problems(400, 401, 503) },
    },
  }, () => NONE)
}

export default tasks
