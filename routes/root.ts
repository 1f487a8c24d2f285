import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Message } from '../schemas/message.ts'
import { problems, replies } from '../schemas/replies.ts'

/** `/`: which API this is. */
const root: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/', {
    config: { access: 'open' },
    schema: {
      operationId: 'getApi',
      summary: 'Which API this is',
      description: 'Needs no key.',
      tags: ['pvc'],
      security: [],
      response: { 200: replies(Message, 'The version of the API.'), ...problems(400) },
    },
  }, () => ({ message: 'PVC API version 1' }))
}

export default root
