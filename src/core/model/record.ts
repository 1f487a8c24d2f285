/**
 * The record of one switchover, `/switchovers/<epoch>`: made before the key is written, closed once. Its JSON is also what clients
 * read, hence the snake_case. A closed record says everything about its switchover, so that every API gives the same answer for ever.
 */
import { parseEvidence, type Evidence } from './failover.ts'
import { preferencesIn, type PreferenceName } from './preference.ts'
import { causeOf, coordinatorStateOf, NOBODY, outcomeOf, type Cause, type CoordinatorState, type Outcome } from './states.ts'
import { parseFailure, type Failure } from './transition.ts'
import { count, jsonObject, secondsOf, text } from './znode.ts'

/** How far one node has come in a switchover. */
export interface NodeProgress {
  readonly coordinator_state: CoordinatorState | null
  readonly step: number
  readonly of: number
  readonly resource: string | null
}

export interface TimelineEntry {
  /** RFC 3339. For people: two nodes' entries come from two clocks. */
  readonly at: string
  readonly node: string
  readonly coordinator_state: CoordinatorState
}

/** What became of one resource, as far as the nodes have published it. Seconds are of each node's own monotonic clock, with every attempt. */
export interface ResourceCourse {
  readonly released_by: string | null
  readonly release_seconds: number | null
  readonly acquired_by: string | null
  readonly acquire_seconds: number | null
}

/** How long the service was not held. Moments are RFC 3339 by the ensemble's clock; null where that is not known. */
export interface Outage {
  readonly last_held_at: string | null
  readonly held_again_at: string | null
  readonly outage_seconds: number | null
}

export interface SwitchoverRecord extends Outage {
  readonly epoch: number
  readonly from: string | null
  /** The target; null where the key was freed: the winner of the contention becomes primary. */
  readonly to: string | null
  readonly cause: Cause
  readonly requested_by: string | null
  readonly reason: string | null
  /**
   * Of a request, the preferences that it overrode: those that stood against its target when it was judged under the lock. One that it named without need is left out,
   * because a reader asks why a node became primary that would not have, and not which words a request had. null for none.
   */
  readonly force: readonly PreferenceName[] | null
  /** Of a failover, the node that failed and how that is known; null for any other switchover. */
  readonly evidence: Evidence | null
  readonly started_at: string
  /** Its bound in seconds, counted by each observer from first sight on its own monotonic clock. */
  readonly timeout: number
  /** null while it is open; written once. */
  readonly outcome: Outcome | null
  readonly finished_at: string | null
  readonly continued_by: number | null
  readonly error: Failure | null
  readonly progress: number
  readonly nodes: Readonly<Record<string, NodeProgress>>
  readonly timeline: readonly TimelineEntry[]
  readonly resources: Readonly<Record<string, ResourceCourse>>
}

export interface NewRecord extends Pick<SwitchoverRecord, 'from' | 'to' | 'cause' | 'timeout'> {
  readonly requested_by?: string | null
  readonly reason?: string | null
  readonly force?: readonly PreferenceName[] | null
  readonly evidence?: Evidence | null
  /** Where the role was lost before this switchover began, by the ensemble's clock: the last sign of life of the node that held it, or of its run that did. */
  readonly last_held_at?: string | null
}

/** How the role was lost before a switchover began: the node that held it, and when it held it last. */
export interface LastHolder extends Required<Pick<NewRecord, 'last_held_at'>> {
  readonly from: string
}

/** The same of a node that has failed, with how that is known. */
export interface FailedHolder extends LastHolder, Required<Pick<NewRecord, 'evidence'>> {
  readonly reason: string
}

export type Loss = LastHolder | FailedHolder

export const openRecord = (epoch: number, startedAt: string, given: NewRecord): SwitchoverRecord => ({
  epoch,
  from: given.from,
  to: given.to,
  cause: given.cause,
  requested_by: given.requested_by ?? null,
  reason: given.reason ?? null,
  force: given.force ?? null,
  evidence: given.evidence ?? null,
  started_at: startedAt,
  timeout: given.timeout,
  outcome: null,
  finished_at: null,
  continued_by: null,
  error: null,
  progress: 0,
  nodes: {},
  timeline: [],
  last_held_at: given.last_held_at ?? null,
  held_again_at: null,
  outage_seconds: null,
  resources: {},
})

/** Another write took the very version of the key that was to be this record's: it will never be carried out. */
export const isTaken = ({ epoch, to }: SwitchoverRecord, now: number, value: string): boolean => epoch === now && value !== (to ?? NOBODY)

export interface Closing {
  readonly outcome: Outcome
  readonly error?: Failure | null
  readonly continued_by?: number | null
}

/** What an observer adds at the end, from the nodes' own transitions and, of one that succeeded, from what they have published of their resources. */
export type Particulars = Pick<SwitchoverRecord, 'progress' | 'nodes' | 'timeline'> & Partial<Outage & Pick<SwitchoverRecord, 'resources'>>

export const closeRecord = (record: SwitchoverRecord, finishedAt: string, closing: Closing, particulars: Particulars): SwitchoverRecord => ({
  ...record,
  ...particulars,
  outcome: closing.outcome,
  finished_at: finishedAt,
  error: closing.error ?? null,
  continued_by: closing.continued_by ?? null,
})

/**
 * Of an open record: the role was lost before the switchover began, because the node that held it has failed or has started again since. That node releases nothing
 * for it, and does not get the role back if it fails.
 */
export const isAfterLoss = ({ evidence, last_held_at: lastHeld }: Pick<SwitchoverRecord, 'evidence' | 'last_held_at'>): boolean => evidence !== null || lastHeld !== null

export const isOpen = (record: SwitchoverRecord) => record.outcome === null

function parseNodes (value: unknown): Readonly<Record<string, NodeProgress>> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value as Record<string, unknown>).map(([name, raw]) => {
    const node = (raw ?? {}) as Record<string, unknown>
    return [name, {
      coordinator_state: coordinatorStateOf(text(node['coordinator_state'])),
      step: count(node['step']) ?? 0,
      of: count(node['of']) ?? 0,
      resource: text(node['resource']),
    }]
  }))
}

function parseTimeline (value: unknown): readonly TimelineEntry[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((raw: unknown) => {
    const entry = (raw ?? {}) as Record<string, unknown>
    const state = coordinatorStateOf(text(entry['coordinator_state']))
    const node = text(entry['node'])
    return state === null || node === null ? [] : [{ at: text(entry['at']) ?? '', node, coordinator_state: state }]
  })
}

/** Resources of one record: a record that is longer than a text may be would be none. */
const MOST_RESOURCES = 64

function parseCourses (value: unknown): Readonly<Record<string, ResourceCourse>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(Object.entries(value as Record<string, unknown>).slice(0, MOST_RESOURCES).map(([name, raw]) => {
    const course = (raw ?? {}) as Record<string, unknown>
    return [name, {
      released_by: text(course['released_by']),
      release_seconds: secondsOf(course['release_seconds']),
      acquired_by: text(course['acquired_by']),
      acquire_seconds: secondsOf(course['acquire_seconds']),
    }]
  }))
}

const fraction = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1 ? value : 0

/** Seconds that a bound may be, at most; requests have less. */
const LONGEST = 86_400

/**
 * The record in the text of an epoch's znode; null if it is malformed or of another epoch: then it is the record of no switchover.
 * @param epoch what the znode's name says
 */
export function parseRecord (data: string | null | undefined, epoch: number): SwitchoverRecord | null {
  const object = jsonObject(data)
  const cause = causeOf(text(object?.['cause']))
  const timeout = object?.['timeout']
  if (object === null || object['epoch'] !== epoch || cause === null || typeof timeout !== 'number' || timeout < 0 || timeout > LONGEST) return null
  return {
    epoch,
    from: text(object['from']),
    to: text(object['to']),
    cause,
    requested_by: text(object['requested_by']),
    reason: text(object['reason']),
    force: preferencesIn(object['force']),
    evidence: parseEvidence(object['evidence']),
    started_at: text(object['started_at']) ?? '',
    timeout,
    outcome: outcomeOf(text(object['outcome'])),
    finished_at: text(object['finished_at']),
    continued_by: count(object['continued_by']),
    error: parseFailure(object['error']),
    progress: fraction(object['progress']),
    nodes: parseNodes(object['nodes']),
    timeline: parseTimeline(object['timeline']),
    last_held_at: text(object['last_held_at']),
    held_again_at: text(object['held_again_at']),
    outage_seconds: secondsOf(object['outage_seconds']),
    resources: parseCourses(object['resources']),
  }
}
