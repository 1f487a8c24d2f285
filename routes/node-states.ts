import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { Message, OutcomeUnknown } from '../schemas/message.ts'
import { CoordinatorState, DaemonState, DomainState } from '../schemas/node.ts'
import { ifNoneMatch, nodeParams, wait } from '../schemas/parameters.ts'
import { problems, replies } from '../schemas/replies.ts'
import { pvcState } from './pvc-state.ts'

const coordinator = pvcState(['primary', 'secondary'], '`primary`: this node is to be primary; `secondary`: any other is.')
const domain = pvcState(['flush', 'ready'], '`flush`: give the domains away; `ready`: take domains again.')
const common = { tags: ['pvc'], params: nodeParams }

/** `/node/{node}/…-state`: the three states of a node, and the two that can be asked for. */
const nodeStates: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/node/:node/daemon-state', {
    schema: { ...common, operationId: 'getDaemonState', summary: 'A node\'s daemon state', description: 'One of the states, or `unknown`.', response: { 200: replies(DaemonState, 'The state.'), ...problems(400, 401, 404, 503) } },
  }, ({ params }) => app.services.nodes.get(params.node).daemonState)

  app.get('/node/:node/coordinator-state', {
    schema: {
      ...common,
      operationId: 'getCoordinatorState',
      summary: 'A node\'s coordinator state',
      description: 'One of the states, or `unknown`. With `If-None-Match` and `wait`: as soon as it is another, or 304 after that many seconds.',
      querystring: Type.Object({ wait: Type.Optional(wait) }),
      headers: Type.Object({ 'if-none-match': Type.Optional(ifNoneMatch) }),
      response: { 200: replies(CoordinatorState, 'The state.', 'ETag'), ...problems(400, 401, 404, 503) },
    },
  }, ({ params, query, headers }, reply) =>
    app.services.nodes.coordinatorState(params.node, headers['if-none-match'], (query.wait ?? 0) * 1000, reply))

  app.get('/node/:node/domain-state', {
    schema: { ...common, operationId: 'getDomainState', summary: 'A node\'s domain state', description: 'One of the states, or `unknown`.', response: { 200: replies(DomainState, 'The state.'), ...problems(400, 401, 404, 503) } },
  }, ({ params }) => app.services.nodes.get(params.node).domainState)

  app.post('/node/:node/coordinator-state', {
    ...coordinator,
    schema: {
      ...common,
      ...coordinator.schema,
      operationId: 'setCoordinatorState',
      summary: 'Give a node the primary role, or take it away',
      description: 'Asks for a switchover; 200 once that is committed. The word `already` is in the message if and only if nothing was to be done.',
      response: {
        200: replies(Message, 'Committed, or already so.', 'Location'),
        202: replies(OutcomeUnknown, 'The connection to ZooKeeper was lost after the write was sent.', 'Location', 'Retry-After'),
        ...problems(400, 401, 403, 409, 412, 413, 415, 422, 503),
      },
    },
  }, async ({ params, query, body, requestedBy, headers }, reply) => {
    const answer = await app.services.coordinatorState.set(params.node, [query, body], requestedBy, headers['if-match'], reply)
    reply.header('location', answer.location)
    return answer.unknown === null ? { message: answer.message } : reply.code(202).send(answer.unknown)
  })

  app.post('/node/:node/domain-state', {
    ...domain,
    schema: {
      ...common,
      ...domain.schema,
      operationId: 'setDomainState',
      summary: 'Have a node give its domains away, or take domains again',
      description: '200 once the wish is written; the node carries it out.',
      response: { 200: replies(Message, 'What was done.'), ...problems(400, 401, 403, 412, 413, 415, 503) },
    },
  }, async ({ params, query, body, headers }) => ({ message: await app.services.settings.setDomainState(params.node, [query, body], headers['if-match']) }))
}

export default nodeStates
