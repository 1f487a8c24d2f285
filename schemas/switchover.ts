/** Switchovers and the request for one. */
import Type from 'typebox'
import { list, moment, nullable, oneOf, reply } from './forms.ts'
import { coordinatorState, coordinatorStateOrNull } from './states.ts'

const epoch = Type.Integer({ description: 'The number of the switchover: it only grows.', minimum: 0, examples: [17] })

/** What a name of a node is like. */
export const NODE_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

/** Names by the rule for nodes; anything else cannot be one and is refused before ZooKeeper is asked. */
const nodeName = (description: string) => Type.String({ description, pattern: NODE_NAME, examples: ['hv2'] })

const switchoverOutcome = oneOf(['succeeded', 'failed', 'superseded', 'timed_out', 'not_applied'], 'How it ended.')

const failure = Type.Object({
  code: Type.String({ description: 'A stable code.' }),
  resource: nullable(Type.String(), 'The resource in question.'),
  message: Type.String({ description: 'A sentence.' }),
}, { additionalProperties: false })

const evidence = Type.Object({
  node: Type.String({ description: 'The node that failed.' }),
  daemon_state: oneOf(['dead', 'fenced'], 'As it was when the role was taken; `dead` where a node that is gone counts as having released.'),
  judged_by: nullable(Type.String(), 'The coordinator that judged it dead.'),
  judged_at: nullable(moment('When, by the clock of that coordinator.')),
  why: nullable(oneOf(['presence_gone', 'keepalive_stale'], '`presence_gone`: its session with ZooKeeper has ended; `keepalive_stale`: its keepalive did not change any more.'), 'By what.'),
  last_sign_at: nullable(moment('Its last keepalive, by the clock of the ensemble\'s leader.')),
  fence: nullable(Type.Object({
    state: oneOf(['pending', 'unconfirmed', 'confirmed'], '`confirmed`: a fence or an operator has confirmed that it holds nothing.'),
    by: nullable(Type.String(), 'The coordinator that fenced it last, or judged it.'),
    method: nullable(Type.String(), 'The method of the fencing agent, or `operator`.'),
    attempts: Type.Integer({ description: 'Attempts to fence it.', minimum: 0 }),
    confirmed_by: nullable(Type.String(), 'The coordinator whose fence confirmed it, or whose API key the operator had.'),
    confirmed_at: nullable(moment('When.')),
    message: nullable(Type.String(), 'What the last attempt came to.'),
  }, { additionalProperties: false }), 'null where there is no record of it.'),
}, { additionalProperties: false })

const members = {
  epoch,
  state: oneOf(['requested', 'in_progress', 'done'], '`requested`: no node has begun; `in_progress`: a node is working on it; `done`: over, see `outcome`.'),
  done: Type.Boolean({ description: 'Whether it is over.' }),
  outcome: nullable(switchoverOutcome, 'How it ended; null while it continues.'),
  from: nullable(Type.String(), 'The node that was primary, also where it has lost the role before: because it failed, stopped, started again, or released everything for a switchover that did not succeed. null: none, or not known.'),
  to: nullable(Type.String(), 'Who is to be primary; null where the key was freed and any other coordinator may win.'),
  became: nullable(Type.String(), 'Who became primary by it, also where `to` is null; null while it continues, and where it did not succeed.'),
  cause: oneOf(['request', 'contention', 'shutdown', 'fence', 'repair', 'rollback', 'restart', 'external'], 'Why the primary key was written.'),
  requested_by: nullable(Type.String(), 'Whose API key asked for it.'),
  reason: nullable(Type.String(), 'Why. Of a request, the reason that was given; of a failover, in sentences, who judged the node dead and by what, and which fence or operator confirmed that it is down; otherwise why the cluster changed the primary key by itself.'),
  force: nullable(list(oneOf(['health', 'priority', 'resources'], 'As `force` of the request names it.')), 'Of a request, the preferences of `to` that it overrode: those because of which it would have been refused. One that it named without need is left out. null for none.'),
  evidence: nullable(evidence, 'Where a failure had lost the role, the node that failed and how that is known; the same for a failover by itself, a request, and a key written by another program. null for any other switchover.'),
  started_at: moment('When it was asked for.'),
  timeout: Type.Number({ description: 'Its bound in seconds, from the request.' }),
  finished_at: nullable(moment('When it ended.')),
  progress: Type.Number({ description: 'Finished over planned steps, 0 to 1; never falls while it continues.', minimum: 0, maximum: 1 }),
  nodes: Type.Record(Type.String(), Type.Object({
    coordinator_state: coordinatorStateOrNull,
    step: Type.Integer({ description: 'Finished steps.' }),
    of: Type.Integer({ description: 'Planned steps.' }),
    resource: nullable(Type.String(), 'The resource being worked on.'),
  }, { additionalProperties: false }), { description: 'How far each node has come.' }),
  timeline: list(Type.Object({ at: moment('When the node wrote it.'), node: Type.String(), coordinator_state: coordinatorState }, { additionalProperties: false }), { description: 'What the nodes went through.' }),
  last_held_at: nullable(moment('When the service was held last, by the clock of the ensemble\'s leader: the beginning of the first release; where the role was lost before the switchover began, the last keepalive of the node that failed, or of its daemon\'s run that was primary; or the beginning of the first release of a node that released everything, and from which no node took over. The node may have held everything for up to one keepalive interval longer, and one that was out of contact until its lease ended, two thirds of the session time-out. null where that is not known.')),
  held_again_at: nullable(moment('When every resource was held again, by the same clock: the new primary has said so, or that it is primary. null where that is not known.')),
  outage_seconds: nullable(Type.Number({ minimum: 0 }), 'Seconds from `last_held_at` to `held_again_at`, in which at least one resource was not held. As exact as these: some milliseconds for a planned switchover. After a failure it is counted from the last keepalive, so it can be up to one keepalive interval too long, and longer where the node was only out of contact, or its resources outlasted its daemon. null while it continues, where it did not succeed, and where it cannot be known.'),
  resources: Type.Record(Type.String(), Type.Object({
    released_by: nullable(Type.String(), 'The node that released it; null where none did, or did not say.'),
    release_seconds: nullable(Type.Number({ minimum: 0 }), 'How long that took, with every attempt.'),
    acquired_by: nullable(Type.String(), 'The node that acquired it.'),
    acquire_seconds: nullable(Type.Number({ minimum: 0 }), 'How long that took, with every attempt.'),
  }, { additionalProperties: false }), { description: 'What became of each resource, as far as the nodes have published it; empty before the end, and where the switchover did not succeed.' }),
  continued_by: nullable(Type.Integer(), 'The later epoch that the primary role went to.'),
  error: nullable(failure, 'What went wrong.'),
} as const

export const Switchover = reply('Switchover', 'One change of primary, from the write of the primary key until the cluster has settled.', {
  ...members,
  already: Type.Optional(Type.Literal(true, { description: 'There only in the reply to a request: it was so already, and nothing was written.' })),
  dry_run: Type.Optional(Type.Literal(true, { description: 'There only in the reply to a dry run: nothing was written. Unless `already` is there, or a switchover in progress is what was asked for, this is the switchover that the request would begin.' })),
})

export const HistoryEntry = reply('HistoryEntry', 'A switchover, or a run of them without a request (contention, repair, rollback, restart) and of which none succeeded: then the newest, and how far the run goes back.', {
  ...members,
  error: nullable(failure, 'What went wrong; in a run, the last that is known.'),
  count: Type.Integer({ description: 'How many switchovers it stands for: all from `first_epoch` to `epoch`, each of which `GET /switchover/{epoch}` shows.', minimum: 1 }),
  first_epoch: Type.Integer({ description: 'The oldest of them.', minimum: 0 }),
  first_started_at: moment('When the oldest of them began.'),
})

export const SwitchoverRequest = Type.Object({
  to: Type.Optional(nodeName('Who is to be primary.')),
  from: Type.Optional(nodeName('Who has to be primary for this to be done. Alone: any other coordinator that contends by itself is to take over.')),
  reason: Type.Optional(Type.String({ description: 'For people; kept in the record.', minLength: 1, maxLength: 500 })),
  timeout: Type.Optional(Type.Number({ description: 'Bound in seconds. By default what the nodes say they may need, and 10.', minimum: 1, maximum: 3600 })),
  force: Type.Optional(Type.Array(Type.Enum(['health', 'priority', 'resources']), {
    description: 'Preferences of nodes that this request overrides, and nothing that is safety. `health`: the node may be below its `min_health`. `priority`, with `from` alone: where no coordinator contends by itself, one of priority 0 is named; a request with `to` needs it not. `resources`: the node may lack resources that another coordinator is configured with, which no node holds then; with `from` alone, where no coordinator contends by itself, such a one is named.',
    uniqueItems: true,
    maxItems: 3,
    examples: [['health']],
  })),
  dry_run: Type.Optional(Type.Boolean({ description: 'Judge the request as for real, and write nothing: the status and the body are those of a request without `wait`.' })),
}, {
  $id: 'SwitchoverRequest',
  description: 'What is wanted: at least one of `to` and `from`.',
  additionalProperties: false,
  minProperties: 1,
  anyOf: [{ required: ['to'] }, { required: ['from'] }],
  examples: [{ to: 'hv2', reason: 'maintenance of hv1' }],
})

export const Eligibility = reply('Eligibility', 'Whether a coordinator may be made primary now.', {
  name: Type.String({ description: 'The coordinator.', examples: ['hv2'] }),
  coordinator_state: coordinatorStateOrNull,
  eligible: Type.Boolean({ description: 'Whether a request to make it primary would not be refused now. The present primary is eligible, too.' }),
  reasons: list(Type.Object({
    code: Type.String({ description: 'A stable code.', examples: ['not_running'] }),
    message: Type.String({ description: 'A sentence.' }),
  }, { additionalProperties: false }), { description: 'Every reason why not.' }),
  stands_back: nullable(Type.Object({
    until: Type.String({ description: 'RFC 3339, by the node\'s own wall clock.' }),
    why: Type.String({ description: 'What failed.' }),
  }, { additionalProperties: false }), 'After a failure the node does not contend for a while. A request that names it does not wait for that.'),
  priority: Type.Integer({ description: 'Of the coordinators that may contend, the highest priority goes first. 0: it never contends by itself.', minimum: 0, maximum: 100, examples: [50] }),
  min_health: Type.Integer({ description: 'Percent of its health below which it neither contends nor is eligible, until it has been at or above that for three keepalive intervals.', minimum: 0, maximum: 100, examples: [0] }),
  health: nullable(Type.Integer({ minimum: 0, maximum: 100 }), 'Its health in percent as `min_health` is compared with it: for three keepalive intervals after one that was too low, that one; null where `min_health` is 0, or the node does not know yet.'),
  resources: nullable(list(Type.String(), { description: 'One of them: an address without its prefix, or the type and the name.' }), 'What it is configured to hold as primary; null where it does not say.'),
  unwilling: list(Type.Object({
    code: oneOf(['health_too_low', 'priority_zero', 'lacks_resources'], 'Which preference it is.'),
    message: Type.String({ description: 'A sentence.' }),
  }, { additionalProperties: false }), { description: 'Why it does not contend by itself although it could; empty if it does. `force` of a request overrides each.' }),
})

export const Primary = reply('Primary', 'Whom the primary key names, and since when.', {
  name: nullable(Type.String(), 'The node that the primary key names; null: none.'),
  epoch: nullable(Type.Integer(), 'The epoch of that; null while there is no primary key.'),
  since: nullable(moment('When the key was written, by the clock of a ZooKeeper server.')),
  settled: Type.Boolean({ description: 'The named node is `primary`, its daemon is in contact and runs (or is stopping), and every other coordinator has released everything; the named node has lost no resource, and this API is in contact with ZooKeeper.' }),
  stale: Type.Optional(Type.Literal(true, { description: 'There while this API has no contact with ZooKeeper: this is what it knew last.' })),
})
