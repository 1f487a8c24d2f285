/**
 * A switchover as clients read it: its record, and while that is open how far the nodes have come. A closed record says everything itself,
 * so that every API gives the same answer for ever.
 */
import { continuationOf, type RoleSnapshot } from './completion.ts'
import { mergedTimeline, particularsOf } from './progress.ts'
import { isOpen, type SwitchoverRecord, type TimelineEntry } from '../model/record.ts'

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

/** What an observer has seen of an open switchover so far, and the znodes do not show any more. */
export interface Seen {
  /** The highest progress: an open switchover's never falls. */
  readonly progress: number
  /** The states in which PVC nodes were. */
  readonly states: readonly TimelineEntry[]
}

export const NOTHING_SEEN: Seen = { progress: 0, states: [] }

export function switchoverView (record: SwitchoverRecord, { members, records }: SwitchoverSnapshot, seen: Seen): Switchover {
  if (!isOpen(record)) return shaped(record, 'done', becameOf(record, records))
  const particulars = particularsOf(record, members)
  const successor = record.to === null ? continuationOf(record, records) : null
  return shaped({
    ...record,
    ...particulars,
    progress: Math.max(seen.progress, particulars.progress),
    timeline: mergedTimeline(particulars.timeline, seen.states),
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
    force: record.force,
    evidence: record.evidence,
    started_at: record.started_at,
    timeout: record.timeout,
    finished_at: record.finished_at,
    progress: record.progress,
    nodes: record.nodes,
    timeline: record.timeline,
    last_held_at: record.last_held_at,
    held_again_at: record.held_again_at,
    outage_seconds: record.outage_seconds,
    resources: record.resources,
    continued_by: record.continued_by,
    error: record.error,
  }
}
