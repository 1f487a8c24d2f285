import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { RemovedNode } from '../schemas/message.ts'
import { Node } from '../schemas/node.ts'
import { nodeParams } from '../schemas/parameters.ts'
import { problems, replies, repliesList } from '../schemas/replies.ts'

const state = (description: string) => Type.Optional(Type.String({ description, maxLength: 64 }))

const filter = Type.Object({
  limit: Type.Optional(Type.String({ description: 'A regular expression for the name, as Python has them; anything may stand at an end that is not anchored with ^ or $. A pattern that needs more than linear time is refused.', maxLength: 200 })),
  daemon_state: state('Only nodes in this daemon state.'),
  coordinator_state: state('Only nodes in this coordinator state.'),
  domain_state: state('Only nodes in this domain state.'),
})

/** `/node` and `/node/{node}`: everything that is known of nodes, and the end of one. */
const nodes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/node', {
    config: { formQuery: true },
    schema: {
      operationId: 'listNodes',
      summary: 'All nodes, or those that fit',
      description: 'Sorted by name. All filters that are given have to hold. They may come in a form as well.',
      tags: ['pvc'],
      querystring: filter,
      response: { 200: repliesList(Node, 'The nodes.'), ...problems(400, 401, 404, 413, 503) },
    },
  }, ({ query }) => app.services.nodes.list(query))

  app.get('/node/:node', {
    schema: {
      operationId: 'getNode',
      summary: 'One node',
      description: 'An array of one, as PVC has it.',
      tags: ['pvc'],
      params: nodeParams,
      response: { 200: repliesList(Node, 'The node.'), ...problems(400, 401, 404, 503) },
    },
  }, ({ params }) => app.services.nodes.get(params.node).single)

  app.delete('/node/:node', {
    schema: {
      operationId: 'removeNode',
      summary: 'Remove a node from the cluster',
      description: 'Deletes everything that ZooKeeper has of a node that is stopped or confirmed fenced, in one transaction: its znodes, its log, and the faults that this project kept of it. Records of switchovers stay. A node that comes to life meanwhile wins. 409 with every reason while it is in contact, may hold something, is named by the primary key or by a switchover in progress, or while domains or storage daemons of PVC\'s are on it. Asked again after an interruption, it is done or 404.',
      tags: ['switchover'],
      params: nodeParams,
      response: { 200: replies(RemovedNode, 'It is removed.'), ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
    },
  }, async ({ params, requestedBy }) => await app.services.removals.remove(params.node, requestedBy))
}

export default nodes
