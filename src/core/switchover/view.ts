/**
 * A switchover as clients read it: its record, and while that is open how far the nodes have come. A closed record says everything itself,
 * so that every API gives the same answer for ever.
 */
import { continuationOf, isComplete, type RoleSnapshot } from './completion.ts'
import { particularsOf } from './progress.ts'
import { isRepeated } from './rewrites.ts'
import { isOpen, openRecord, type SwitchoverRecord } from '../model/record.ts'
import { NOBODY } from '../model/states.ts'
import type { KeySnapshot } from './key-snapshot.ts'
import { epochNow } from './key-snapshot.ts'

export interface Switchover extends SwitchoverRecord {
  readonly state: 'requested' | 'in_progress' | 'done'
  readonly done: boolean
  /** Who became primary by it; null while it continues, where it did not succeed, and where that is not on record any more. */
  readonly became: string | null
}

/** What is known of the cluster beside the record itself. */
export interface SwitchoverSnapshot extends Pick<RoleSnapshot, 'members'> {
  readonly records: readonly SwitchoverRecord[]
}

/** @param progressSeen the highest progress that this observer has shown of it so far: an open switchover's never falls */
export function switchoverView (record: SwitchoverRecord, { members, records }: SwitchoverSnapshot, progressSeen: number): Switchover {
  if (!isOpen(record)) return shaped(record, 'done', becameOf(record, records))
  const particulars = particularsOf(record, members)
  const successor = record.to === null ? continuationOf(record, records) : null
  return shaped({
    ...record,
    ...particulars,
    progress: Math.max(progressSeen, particulars.progress),
    continued_by: record.continued_by ?? successor?.epoch ?? null,
  }, successor !== null || hasBegun(record, particulars.nodes) ? 'in_progress' : 'requested')
}

/** Some node is at it: it has published a transition of this epoch, it is on its way, or the target has arrived. */
const hasBegun = (record: SwitchoverRecord, nodes: SwitchoverRecord['nodes']) =>
  Object.entries(nodes).some(([name, { coordinator_state: state, of }]) =>
    of > 0 || state === 'takeover' || state === 'relinquish' || (name === record.to && state === 'primary'))

/** A freed key went to the winner of the epoch that it was continued by. */
const becameOf = ({ outcome, to, continued_by: next }: SwitchoverRecord, records: readonly SwitchoverRecord[]): string | null =>
  outcome === 'succeeded' ? to ?? records.find(({ epoch }) => epoch === next)?.to ?? null : null

function shaped (record: SwitchoverRecord, state: Switchover['state'], became: string | null = null): Switchover {
  return {
    epoch: record.epoch,
    state,
    done: state === 'done',
    outcome: record.outcome,
    from: record.from,
    to: record.to,
    became,
    cause: record.cause,
    requested_by: record.requested_by,
    reason: record.reason,
    started_at: record.started_at,
    timeout: record.timeout,
    finished_at: record.finished_at,
    progress: record.progress,
    nodes: record.nodes,
    timeline: record.timeline,
    continued_by: record.continued_by,
    error: record.error,
  }
}

/**
 * The present epoch's switchover where no daemon has made a record of it, as on a cluster that only PVC's daemons have written; null where the
 * key names nobody.
 * @param since when the key was written, RFC 3339
 */
export function unrecordedSwitchover (keySnapshot: KeySnapshot, since: string): Switchover | null {
  if (keySnapshot.key.value === NOBODY) return null
  const epoch = epochNow(keySnapshot)
  const records = keySnapshot.records.map(({ record }) => record)
  const repeated = records.findLast((record) => record.epoch < epoch && (isOpen(record) || record.outcome === 'succeeded') && isRepeated(record, epoch, keySnapshot.key.value, keySnapshot.recordEpochs))
  const open = repeated === undefined ? openRecord(epoch, since, { from: null, to: keySnapshot.key.value, cause: 'external', timeout: 0 }) : openRecord(epoch, repeated.started_at, repeated)
  const complete = isComplete({ ...keySnapshot, ledger: { czxid: keySnapshot.key.czxid, base: epoch - keySnapshot.key.version } }, epoch, keySnapshot.key.value)
  return switchoverView(complete ? { ...open, outcome: 'succeeded', finished_at: since, progress: 1 } : open, { members: keySnapshot.members, records }, 0)
}
