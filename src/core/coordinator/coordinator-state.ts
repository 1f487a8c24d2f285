/**
 * What the coordinator machine is made of: its state, the events that reach it, and the effects it asks for. All of it is plain data: it
 * can be compared, copied, printed and searched.
 */
import type { RoleSnapshot } from '../switchover/completion.ts'
import type { Delays } from './delays.ts'
import type { RestingIntent, SeenKey } from './intent.ts'
import type { Denial, KeyAnswer, KeyChange, KeyOp } from './key-change.ts'
import type { Member } from '../model/member.ts'
import type { Procedure } from './procedure.ts'
import type { Closing, SwitchoverRecord } from '../model/record.ts'
import type { CoordinatorState } from '../model/states.ts'
import type { Transition, Failure } from '../model/transition.ts'

/** The cluster as the watch-fed view shows it: a hint of when to look, never the ground for an acquisition. */
export interface ClusterSnapshot extends RoleSnapshot {
  readonly records: readonly SwitchoverRecord[]
}

/** One operation of a coordinator; each is answered exactly once, unless it was cancelled and the answer is dropped. */
export type NodeOp =
  | KeyOp
  /** Waits for the primary lock without a limit of its own; given up by `cancel`. */
  | { readonly op: 'lock_role' }
  | { readonly op: 'read_peers' }
  | { readonly op: 'read_record', readonly epoch: number }
  /** Closes the record of `epoch` unless it is closed already. */
  | { readonly op: 'conclude', readonly epoch: number, readonly closing: Closing }
  | { readonly op: 'publish', readonly transition: Transition }
  | { readonly op: 'write_state', readonly state: CoordinatorState }
  | { readonly op: 'write_daemon_state', readonly daemonState: 'run' | 'shutdown' }
  | { readonly op: 'acquire' | 'release', readonly resource: string, readonly epoch: number | null }
  /** Takes, or releases, the lock that a PVC peer waits for before it acquires anything: as a primary, or until everything is released. */
  | { readonly op: 'guard_sync' | 'hold_sync' | 'release_sync' }

export type NodeAnswer =
  | { readonly kind: 'done', readonly members?: readonly Member[], readonly record?: SwitchoverRecord | null } & Extract<KeyAnswer, { kind: 'done' }>
  | { readonly kind: 'refused', readonly failure?: Failure }
  | { readonly kind: 'overwritten' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'denied', readonly denial: Denial }
  /** Cancelled, and nothing of it continues: a command's whole process group is gone. */
  | { readonly kind: 'aborted' }

/** The answer as a change of the key takes it: what was stopped in some other way than by refusal may have been sent. */
export const keyAnswerOf = (answer: NodeAnswer): KeyAnswer => answer.kind === 'aborted' ? { kind: 'unknown' } : answer

/** Every event says what the wall clock showed, for what people read. */
export type CoordinatorEvent = { readonly wall: string } & (
  /** Of a coordinator: a hypervisor has no part in the role, and takes no view. */
  | { readonly type: 'view', readonly view: ClusterSnapshot }
  /** The first event of a hypervisor. */
  | { readonly type: 'begin' }
  | { readonly type: 'answer', readonly id: number, readonly answer: NodeAnswer }
  | { readonly type: 'elapsed', readonly id: number }
  /** The lease or the session is gone, or the lock is: nothing may be held any more. */
  | { readonly type: 'lost', readonly reason: string }
  /** A resource of a primary is gone, and could not be acquired again here. */
  | { readonly type: 'resource_lost', readonly failure: Failure }
  /** A resource that was reported so is held here again. */
  | { readonly type: 'resource_regained', readonly resource: string }
  /** Whether this node could acquire its resources, as it has found out without changing anything. */
  | { readonly type: 'readiness', readonly failure: Failure | null }
  | { readonly type: 'shutdown' }
)

export type Note =
  | { readonly code: 'key_changed', readonly outcome: string, readonly intent: string, readonly epoch: number | null, readonly denial?: Denial }
  | { readonly code: 'begun', readonly procedure: string, readonly epoch: number | null }
  /** `failure`: it ended with something that is not released, or, of a rollback, what it was for. `idle`: of a takeover that found nothing to take over. */
  | { readonly code: 'finished', readonly procedure: string, readonly epoch: number | null, readonly failure: Failure | null, readonly idle?: true }
  /** A takeover cannot acquire `resource` before nodes that cannot be asked are known to hold nothing. */
  | { readonly code: 'waits', readonly procedure: string, readonly epoch: number | null, readonly resource: string, readonly nodes: readonly string[] }
  | { readonly code: 'given_up', readonly procedure: string, readonly epoch: number | null, readonly reason: string }
  | { readonly code: 'failure', readonly procedure: string, readonly epoch: number | null, readonly failure: Failure }
  | { readonly code: 'demoted', readonly reason: string, readonly held: readonly string[] }

export type Effect =
  | { readonly type: 'do', readonly id: number, readonly op: NodeOp }
  | { readonly type: 'delay', readonly id: number, readonly ms: number }
  | { readonly type: 'cancel', readonly id: number }
  | { readonly type: 'note', readonly note: Note }
  /** A release failed: it has to be done from outside this machine, or by stopping it. */
  | { readonly type: 'self_fence', readonly failure: Failure }
  /** This life is over: `left` in order, or `demoted`, and then a new one begins with a start. */
  | { readonly type: 'ended', readonly how: 'left' | 'demoted' }

export type Activity =
  | { readonly kind: 'idle' }
  | { readonly kind: 'procedure', readonly procedure: Procedure, readonly id: number, readonly change: KeyChange | null, readonly peers: 'asked' | 'asked_and_moved' | 'waiting', readonly doomed: Closing | null }
  | { readonly kind: 'key_change', readonly intent: RestingIntent, readonly change: KeyChange, readonly id: number }
  | { readonly kind: 'demotion', readonly id: number | null, readonly left: readonly string[] }
  | { readonly kind: 'ended' }

/** Of the sync lock that keeps PVC nodes from acquiring, as a primary or until everything is released; `refused`: another was in front when it was last asked for. */
export type Guard = 'none' | 'held' | 'refused'

export interface Tried {
  readonly intent: RestingIntent['kind']
  readonly seen: SeenKey
}

export interface CoordinatorSettings {
  readonly self: string
  readonly mode: 'coordinator' | 'hypervisor'
  /** In the order of acquisition. */
  readonly resources: readonly string[]
  /** In the order in which a relinquish releases them; left out: the reverse of `resources`. */
  readonly handover?: readonly string[]
  readonly delays: Delays
  /** How long a node backs off after a failed takeover: this, doubled each time, up to `most`. Milliseconds. */
  readonly backoff: { readonly first: number, readonly most: number }
}

export interface Coordinator {
  readonly settings: CoordinatorSettings
  readonly daemon: 'init' | 'run' | 'shutdown'
  readonly stopping: boolean
  readonly announced: boolean
  /** The coordinator state that this life has written last; null before the first. */
  readonly state: CoordinatorState | null
  readonly view: ClusterSnapshot | null
  readonly spentEpoch: number
  /** What was last tried without success, or done but not yet seen: the same again is given time. */
  readonly tried: Tried | null
  /** What may be held here, in order of acquisition. */
  readonly held: readonly string[]
  readonly failures: number
  readonly handoverOver: boolean
  /** Why a primary means to hand its role on; null while it holds everything. */
  readonly lostResource: Failure | null
  readonly guard: Guard
  /** Why a release failed; null outside of `relinquish`. */
  readonly releaseFailure: Failure | null
  /** Why a resource could not be acquired here; null if nothing is known to be in the way. */
  readonly unready: Failure | null
  readonly activity: Activity
  /** Running delays by purpose: the number each will be answered with. */
  readonly timers: { readonly idle: { readonly id: number, readonly subject: string } | null, readonly bound: number | null, readonly backoff: number | null, readonly handover: number | null }
  readonly nextId: number
}

/** @param spentEpoch the key's epoch as this life began: no takeover is begun for it or an older one */
export const newCoordinator = (settings: CoordinatorSettings, spentEpoch: number): Coordinator => ({
  settings,
  daemon: 'init',
  stopping: false,
  announced: false,
  state: null,
  view: null,
  spentEpoch,
  tried: null,
  held: [],
  failures: 0,
  handoverOver: false,
  lostResource: null,
  guard: 'none',
  releaseFailure: null,
  unready: null,
  activity: { kind: 'idle' },
  timers: { idle: null, bound: null, backoff: null, handover: null },
  nextId: 1,
})
