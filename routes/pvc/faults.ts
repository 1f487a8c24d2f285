import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { Fault } from '../../schemas/fault.ts'
import { Message } from '../../schemas/message.ts'
import { PATH_PART } from '../../schemas/parameters.ts'
import { problems, replies, repliesList } from '../../schemas/replies.ts'

const params = Type.Object({ id: Type.String({ description: 'The fault\'s id.', maxLength: PATH_PART, examples: ['ABCD1234'] }) })
const querystring = Type.Object({
  sort_key: Type.Optional(Type.Enum(['first_reported', 'last_reported', 'acknowledged_at', 'status', 'health_delta', 'message'], { description: 'What the list is sorted by; `last_reported` unless given. Times and figures begin with the newest and the worst.' })),
})
const tags = ['pvc']

/** `/faults`: the faults of the cluster. A fault stays until it is deleted. */
const faults: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/faults', {
    config: { formQuery: true },
    schema: { operationId: 'listFaults', summary: 'All faults', description: 'Faults found by PVC\'s daemons and by this project\'s.', tags, querystring, response: { 200: repliesList(Fault, 'The faults.'), ...problems(400, 401, 413, 503) } },
  }, ({ query }) => app.services.faults.list(query.sort_key))

  app.put('/faults', {
    schema: { operationId: 'acknowledgeFaults', summary: 'Acknowledge every fault', description: 'An acknowledged fault takes nothing off the cluster\'s health.', tags, response: { 200: replies(Message, 'What was done.'), ...problems(400, 401, 403, 413, 415, 503) } },
  }, async () => ({ message: await app.services.faults.acknowledge(null) }))

  app.delete('/faults', {
    schema: { operationId: 'deleteFaults', summary: 'Delete every fault', description: 'A condition that persists is reported again.', tags, response: { 200: replies(Message, 'What was done.'), ...problems(400, 401, 403, 413, 415, 503) } },
  }, async () => ({ message: await app.services.faults.remove(null) }))

  app.get('/faults/:id', {
    schema: { operationId: 'getFault', summary: 'One fault', description: 'An array of one, as PVC has it.', tags, params, response: { 200: repliesList(Fault, 'The fault.'), ...problems(400, 401, 404, 503) } },
  }, ({ params: { id } }) => app.services.faults.get(id))

  app.put('/faults/:id', {
    schema: { operationId: 'acknowledgeFault', summary: 'Acknowledge a fault', description: 'An acknowledged fault takes nothing off the cluster\'s health.', tags, params, response: { 200: replies(Message, 'What was done.'), ...problems(400, 401, 403, 404, 413, 415, 503) } },
  }, async ({ params: { id } }) => ({ message: await app.services.faults.acknowledge(id) }))

  app.delete('/faults/:id', {
    schema: { operationId: 'deleteFault', summary: 'Delete a fault', description: 'A condition that persists is reported again.', tags, params, response: { 200: replies(Message, 'What was done.'), ...problems(400, 401, 403, 404, 413, 415, 503) } },
  }, async ({ params: { id } }) => ({ message: await app.services.faults.remove(id) }))
}

export default faults
