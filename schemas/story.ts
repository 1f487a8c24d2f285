/** What happened in a switchover. */
import Type from 'typebox'
import { moment, nullable, oneOf, reply } from './forms.ts'

export const StoryEntry = reply('StoryEntry', 'Something that happened in a switchover.', {
  at: moment('When, by the clock of the machine that says so; `last_sign`, `last_held`, `held`, and the states of nodes by the ensemble\'s. `journal_gone` is told at the end: when the node was removed is not on record.'),
  node: nullable(Type.String({ examples: ['hv1'] }), 'The node that did it or that it is about; null for what no node did.'),
  event: oneOf(['last_sign', 'judged', 'fence_failed', 'fenced', 'confirmed', 'begun', 'key_written', 'state', 'released', 'acquired', 'lost', 'regained', 'failed', 'waits', 'demoted', 'held', 'closed', 'last_held', 'journal_gone'],
    '`last_sign`: the last keepalive of the node that failed; `judged`: a coordinator judged it dead; `fence_failed`, `fenced`: an attempt to fence it; `confirmed`: an operator said that it is down; `begun`: the record was made; `key_written`: so was the primary key; `state`: a node came into a coordinator state; `released`, `acquired`, `lost`, `regained`, `failed`: a resource, by the node; `waits`: a node waits before it acquires a resource; `demoted`: a node had to hold nothing any more and released everything by itself, as when its lease ran out; `held`: everything is held again; `closed`: it is over; `last_held`: everything was held for the last time before it; `journal_gone`: that node has been removed from the cluster since, and its journal with it.'),
  resource: nullable(Type.String(), 'The resource in question.'),
  message: Type.String({ description: 'A sentence.' }),
})
