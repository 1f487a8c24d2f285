/** Errors: RFC 9457 problem details, with members of our own. */
import Type from 'typebox'
import { list, nullable, oneOf, ref } from './forms.ts'
import { Switchover } from './switchover.ts'

const members = {
  type: Type.String({ description: 'Names the kind of problem.', examples: ['urn:pvc:problem:node_unknown'] }),
  title: Type.String({ description: 'The kind of problem in a few words; always the same for one code.' }),
  status: Type.Integer({ description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What is wrong this time and what to do about it.' }),
  instance: Type.String({ description: 'The path that was asked for.' }),
  code: Type.String({ description: 'The stable code of the problem.', examples: ['node_unknown'] }),
  message: Type.Unsafe<string | Readonly<Record<string, string>>>(Type.Union(
    [Type.String(), Type.Record(Type.String(), Type.String())],
    { description: 'For PVC\'s clients: the sentence of `detail`, or a sentence by argument where PVC has that.' })),
} as const

export const Problem = Type.Object({
  ...members,
  outcome: Type.Optional(oneOf(['not_started', 'in_progress', 'unknown'], 'What became of the write that was asked for: `not_started` means that nothing was written and never will be.')),
  errors: Type.Optional(list(Type.Object({
    in: Type.String({ description: 'body, querystring, params or headers.' }),
    field: Type.String({ description: 'The field, as a JSON pointer.' }),
    message: Type.String(),
  }, { additionalProperties: false }), { description: 'Every argument that is wrong.' })),
  switchover: Type.Optional(nullable(ref(Switchover), 'The switchover in flight.')),
  nodes: Type.Optional(list(Type.String(), { description: 'The nodes in question.' })),
  reasons: Type.Optional(Type.Record(Type.String(), list(Type.Object({ code: Type.String(), message: Type.String() }, { additionalProperties: false })), { description: 'By node, every reason why it cannot be primary, be confirmed to be down, or be removed.' })),
  primary: Type.Optional(nullable(Type.String(), 'Who is primary.')),
  epoch: Type.Optional(Type.Integer({ description: 'The epoch in question.' })),
  confirmation: Type.Optional(list(Type.String(), { description: 'Where an operator confirms that a node is down.' })),
}, { $id: 'Problem', description: 'RFC 9457 problem details.', additionalProperties: false })

/** A switchover that was waited for and did not succeed: all of the switchover, and what a problem says. */
export const SwitchoverProblem = Type.Object({ ...Switchover.properties, ...members }, {
  $id: 'SwitchoverProblem',
  description: 'The switchover that was waited for, which did not succeed, with the members of a problem. `outcome` is the switchover\'s.',
  additionalProperties: false,
})
