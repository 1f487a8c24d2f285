/** The reply of the role checks. */
import Type from 'typebox'
import { list, nullable, oneOf, reply } from './forms.ts'
import { coordinatorStateOrNull } from './states.ts'

export const RoleReport = reply('RoleReport', 'Whether a node has a role.', {
  node: nullable(Type.String(), 'The node asked about; null if none was named and this API was not told its own.'),
  role: oneOf(['primary', 'secondary'], 'The role asked about.'),
  holds: Type.Boolean({ description: 'Whether the node has it, for certain.' }),
  coordinator_state: coordinatorStateOrNull,
  view_age: nullable(Type.Number(), 'Seconds since ZooKeeper\'s last answer; null before the first.'),
  reasons: list(Type.String(), { description: 'Why not, a sentence each.' }),
})
