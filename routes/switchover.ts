import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { OutcomeUnknown } from '../schemas/message.ts'
import { epochParams, wait } from '../schemas/parameters.ts'
import { problems, replies, repliesEither, switchoverProblems } from '../schemas/replies.ts'
import { Switchover, SwitchoverRequest } from '../schemas/switchover.ts'

const waiting = Type.Object({ wait: Type.Optional(wait) }, { additionalProperties: false })
const expecting = Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'Only if the primary is as at this ETag of `GET /api/v1/primary`, or at this epoch.', maxLength: 64 })) })

/** `/switchover`: asks for a change of the primary, and follows one. */
const switchover: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/switchover', {
    schema: {
      operationId: 'requestSwitchover',
      summary: 'Ask for a switchover',
      description: 'Without `wait` 202 as soon as it is committed. The same wish again is answered with the same switchover, never with a second one.',
      tags: ['switchover'],
      querystring: waiting,
      headers: expecting,
      body: SwitchoverRequest,
      response: {
        200: replies(Switchover, 'It was so already, or it has succeeded.', 'Location'),
        202: repliesEither(Switchover, OutcomeUnknown, 'Under way.', 'Location', 'Retry-After'),
        ...problems(400, 401, 403, 404, 412, 413, 415, 422),
        ...switchoverProblems(409, 502, 503, 504),
      },
    },
  }, async (request, reply) => {
    const { body, query, headers, requestedBy, signal, url } = request
    const answer = await app.services.switchovers.request({ ...body, ifMatch: headers['if-match'], requestedBy, wait: query.wait, signal, url })
    return reply.code(answer.status).headers(answer.headers).send(answer.body)
  })

  app.get('/switchover/:epoch', {
    schema: {
      operationId: 'getSwitchover',
      summary: 'A switchover',
      description: 'With `wait` once it is done, or as it is after that many seconds.',
      tags: ['switchover'],
      params: epochParams,
      querystring: waiting,
      response: { 200: replies(Switchover, 'The switchover.'), ...problems(400, 401, 404, 410, 503) },
    },
  }, async ({ params, query, signal }) => await app.services.switchovers.get(params.epoch, query.wait, signal))
}

export default switchover
