import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { eventStream, problems } from '../schemas/replies.ts'

/** `/events`: what happens, as it happens. */
const events: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/events', {
    exposeHeadRoute: false,
    schema: {
      operationId: 'followEvents',
      summary: 'What happens, as server-sent events',
      description: 'Events `node`, `primary` and `switchover`, each with the object as its route serves it. A new stream begins with `resync` and everything there is; one that is taken up with `Last-Event-ID`, at this API or another, continues where it ended, or begins again with `resync` if that is too long ago. A client that reads too slowly gets `resync`, too. `end` is the last event of a stream that the API ends, because it stops or has read its configuration again; come back, to this API or another. `X-Api-Role` says what the key or the certificate allows.',
      tags: ['switchover'],
      querystring: Type.Object({}, { additionalProperties: false }),
      headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ description: 'The id of the last event that was read.', maxLength: 256 })) }),
      response: { 200: eventStream('The stream, until the client or this API ends it.'), ...problems(400, 401, 503) },
    },
  }, async ({ headers, keyRole }, reply) => {
    if (keyRole !== null) reply.header('x-api-role', keyRole)
    reply.type('text/event-stream').header('cache-control', 'no-store').header('x-accel-buffering', 'no').header('connection', 'close')
    await app.services.events.open(headers['last-event-id'], () => reply.startStream(), reply)
  })
}

export default events
