import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { OutcomeUnknown } from '../schemas/message.ts'
import { epochParams, wait } from '../schemas/parameters.ts'
import { problems, replies, repliesEither, repliesList, switchoverProblems } from '../schemas/replies.ts'
import { StoryEntry } from '../schemas/story.ts'
import { Eligibility, HistoryEntry, Switchover, SwitchoverRequest } from '../schemas/switchover.ts'

const waiting = Type.Object({ wait: Type.Optional(wait) }, { additionalProperties: false })
/** Entries of a page, unless told. */
const PAGE = 50
const page = Type.Object({
  limit: Type.Optional(Type.Integer({ description: 'How many at most.', minimum: 1, maximum: 1_000, default: PAGE })),
  before: Type.Optional(Type.Integer({ description: 'Only switchovers with a smaller epoch.', minimum: 0, maximum: 9_999_999_999 })),
  each: Type.Optional(Type.Enum(['', 'true', 'false'], { description: 'Whether every switchover is to be an entry of its own.' })),
}, { additionalProperties: false })
const expecting = Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'Only if the primary is as at this ETag of `GET /api/v1/primary`, or at this epoch, as a plain decimal number.', maxLength: 1024 })) })

/** `/switchover`: asks for a change of the primary, and follows one. */
const switchover: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/switchover', {
    schema: {
      operationId: 'requestSwitchover',
      summary: 'Ask for a switchover',
      description: 'Without `wait` 202 as soon as it is committed. With `wait` 200 once it has succeeded, and an error for everything else: also when it still continues at the end of the wait (503, `switchover_going_on`), so that `curl --fail` exits 0 for a success only. The same wish again is answered with the same switchover, never with a second one. With `dry_run` it is judged and nothing is written: a refusal is the refusal that the request would get, and 202 has the switchover that it would begin, without a `Location`. What a dry run cannot know is whether the primary lock could be acquired in time.',
      tags: ['switchover'],
      querystring: waiting,
      headers: expecting,
      body: SwitchoverRequest,
      response: {
        200: replies(Switchover, 'It was so already, or it has succeeded.', 'Location'),
        202: repliesEither(Switchover, OutcomeUnknown, 'In progress: the reply to a request without `wait`.', 'Location', 'Retry-After'),
        ...problems(400, 401, 403, 404, 412, 413, 415, 422),
        ...switchoverProblems(409, 502, 503, 504),
      },
    },
  }, async (request, reply) => {
    const { body, query, headers, requestedBy, url } = request
    const answer = await app.services.switchovers.request({ ...body, ifMatch: headers['if-match'], requestedBy, wait: query.wait, client: reply, url })
    return reply.code(answer.status).headers(answer.headers).send(answer.body)
  })

  app.get('/switchover', {
    schema: {
      operationId: 'listSwitchovers',
      summary: 'The history of switchovers',
      description: 'Newest first, failovers too. What the cluster retried again and again by itself, without success, is one entry: the newest of these switchovers, with their `count`. The next page is asked for with `before` and the `first_epoch` of the last entry.',
      tags: ['switchover'],
      querystring: page,
      response: { 200: repliesList(HistoryEntry, 'The entries.'), ...problems(400, 401, 503) },
    },
  }, ({ query: { limit = PAGE, before, each = 'false' } }) => app.services.switchovers.history({ limit, before, each: each !== 'false' }))

  app.get('/switchover/eligibility', {
    schema: {
      operationId: 'getEligibility',
      summary: 'Who may be made primary',
      description: 'Each coordinator: whether a request to make it primary would not be refused now, and if it would, every reason.',
      tags: ['switchover'],
      querystring: Type.Object({}, { additionalProperties: false }),
      response: { 200: repliesList(Eligibility, 'The coordinators, sorted by name.'), ...problems(400, 401, 503) },
    },
  }, () => app.services.switchovers.eligibility())

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
  }, ({ params, query }, reply) => app.services.switchovers.get(params.epoch, query.wait, reply))

  app.get('/switchover/:epoch/timeline', {
    schema: {
      operationId: 'getSwitchoverTimeline',
      summary: 'What happened in a switchover',
      description: 'One list of everything that is known, the oldest first: of a failover, who failed, who judged that and by what, and which fence or operator confirmed it; what each node acquired, released, lost or gave up; each state; the end. From the record, and from the journals of the coordinators, which hold their last 100 entries each and are read for this request. Moments come from the clocks of several machines.',
      tags: ['switchover'],
      params: epochParams,
      querystring: Type.Object({}, { additionalProperties: false }),
      response: { 200: repliesList(StoryEntry, 'The entries.'), ...problems(400, 401, 404, 410, 503) },
    },
  }, async ({ params }, reply) => await app.services.switchovers.timeline(params.epoch, reply))
}

export default switchover
