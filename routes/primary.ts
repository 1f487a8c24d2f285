import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { ifNoneMatch, wait } from '../schemas/parameters.ts'
import { problems, replies } from '../schemas/replies.ts'
import { Primary } from '../schemas/switchover.ts'

/** `/primary`: who is primary, and the long-poll for a change of that. */
const primary: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/primary', {
    schema: {
      operationId: 'getPrimary',
      summary: 'Who is primary',
      description: 'With `If-None-Match` 304 while it is as at that ETag; with `wait` besides, not before it changes or that many seconds have passed.',
      tags: ['switchover'],
      querystring: Type.Object({ wait: Type.Optional(wait) }, { additionalProperties: false }),
      headers: Type.Object({ 'if-none-match': Type.Optional(ifNoneMatch) }),
      response: { 200: replies(Primary, 'The primary.', 'ETag'), ...problems(400, 401, 503) },
    },
  }, ({ query, headers }, reply) => {
    const found = app.services.primary.get(headers['if-none-match'], (query.wait ?? 0) * 1000, reply)
    return found instanceof Promise ? found.then((reading) => reply.sendReading(reading)) : reply.sendReading(found)
  })
}

export default primary
