/** What is wrong in the cluster, and the health check that is made of it. */
import Type from 'typebox'
import { list, nullable, oneOf, ref, reply } from './forms.ts'

export const Condition = reply('Condition', 'Something in the cluster that an operator should know of, for as long as it is so.', {
  code: Type.String({ description: 'A stable code; docs/conditions.md has them all.', examples: ['primary_dead'] }),
  severity: oneOf(['critical', 'warning', 'info'], '`critical`: the service is not provided, or could not be taken over now; `warning`: something has to be mended before the next failure; `info`: a request brought this about, or it passes by itself.'),
  message: Type.String({ description: 'What is the case, in a sentence.' }),
  advice: Type.String({ description: 'What to do.' }),
  node: nullable(Type.String(), 'The node in question.'),
  resource: nullable(Type.String(), 'The resource in question.'),
  since: nullable(Type.String(), 'Since when, RFC 3339, by whichever clock wrote it; null where that is not known.'),
  fault: nullable(Type.String(), 'Its id in `GET /faults`; null for one that is no fault.'),
})

export const ClusterHealth = reply('ClusterHealth', 'Whether the cluster is well.', {
  status: oneOf(['ok', 'warning', 'critical'], 'The worst severity; `ok` if there is nothing but information.'),
  primary: nullable(Type.String(), 'The node that the primary key names; null: none.'),
  view_age: nullable(Type.Number(), 'Seconds since ZooKeeper\'s last answer; null before the first.'),
  stale: Type.Boolean({ description: 'Whether that is too long ago: then this is what the API knew last.' }),
  conditions: list(ref(Condition), { description: 'What is wrong, the worst first.' }),
})
