/** Replies that are one sentence, as PVC has them, and the small health replies. */
import Type from 'typebox'
import { list, nullable, reply } from './forms.ts'

export const Message = reply('Message', 'What was done, in a sentence.', {
  message: Type.String({ description: 'For people. It has the word `already` if and only if there was nothing to be done.' }),
})

export const RemovedNode = reply('RemovedNode', 'A node that was removed from the cluster.', {
  message: Type.String({ description: 'For people.' }),
  node: Type.String({ description: 'Its name.', examples: ['hv3'] }),
  removed: list(Type.String(), { description: 'The znodes that were deleted, each with everything below it: those of the node, its log, and the faults that this project kept of it.' }),
  domains: list(Type.String(), { description: 'Names of domains that do not run, and name the node still: they have to be moved before they are started.' }),
})

export const FenceConfirmation = Type.Object({
  confirm: Type.String({ description: 'The node\'s name once more, so that no slip of the hand can do this.', maxLength: 64, examples: ['hv1'] }),
}, { $id: 'FenceConfirmation', description: 'An operator\'s word that a node is down.', additionalProperties: false })

export const Health = reply('Health', 'Whether this API can do its work.', {
  status: Type.String({ description: '`ok`, or what is wrong in a word.' }),
  view_age: nullable(Type.Number(), 'Seconds since ZooKeeper\'s last answer; null before the first.'),
  reasons: list(Type.String(), { description: 'What is wrong, a sentence each.' }),
})

export const OutcomeUnknown = reply('OutcomeUnknown', 'The connection to ZooKeeper was lost after the write was sent; the switchover of this epoch will tell.', {
  code: Type.Literal('outcome_unknown'),
  outcome: Type.Literal('unknown'),
  epoch: Type.Integer({ description: 'The epoch that was written, if it was.' }),
  message: Type.String({ description: 'For people.' }),
})
