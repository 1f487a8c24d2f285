import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Message } from '../schemas/message.ts'
import { problems, replies } from '../schemas/replies.ts'

/** `/`: which API this is. */
const root: FastifyPluginAsyncTypebox = async (app) => {
  const answer = () => ({ message: 'PVC API version 1' })
  const schema = {
    operationId: 'getApi',
    summary: 'Which API this is',
    description: 'Needs no key.',
    tags: ['pvc'],
    security: [],
    response: { 200: replies(Message, 'The version of the API.'), ...problems(400) },
  }
  const config = { access: 'open' } as const
  app.get('/', { config, prefixTrailingSlash: 'no-slash', schema }, answer)
  // As PVC has it; the description names it once.
  app.get('/', { config, prefixTrailingSlash: 'slash', schema: { ...schema, hide: true } }, answer)
}

export default root
