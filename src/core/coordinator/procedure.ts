/**
 * The ways between two coordinator states as data: an ordered list of steps, run by `procedure-runner.ts`.
 * What has been done, and what is left, is always in plain sight; nothing is remembered in a call stack.
 */
import type { CoordinatorState } from '../model/states.ts'
import type { Closing } from '../model/record.ts'
import type { Transition, Failure } from '../model/transition.ts'

export type Step =
  /** Take the primary lock, for as long as the key names this node; kept until `unlock`. */
  | { readonly do: 'lock_role' }
  /** Under the lock: does the key still name this node at this epoch? */
  | { readonly do: 'look_again' }
  /** Say in `transition` how far this has come. */
  | { readonly do: 'publish' }
  | { readonly do: 'enter', readonly state: CoordinatorState }
  | { readonly do: 'announce', readonly daemonState: 'run' | 'shutdown' }
  /** From here on, `resource` is being worked on. */
  | { readonly do: 'turn_to', readonly resource: string }
  /** Wait until every peer has released it, by reading them directly. */
  | { readonly do: 'await_release', readonly resource: string }
  | { readonly do: 'acquire', readonly resource: string }
  | { readonly do: 'release', readonly resource: string }
  | { readonly do: 'settle' }
  /** No other process has closed the switchover meanwhile. */
  | { readonly do: 'confirm', readonly epoch: number }
  | { readonly do: 'close_record', readonly epoch: number, readonly closing: Closing }
  /** Write the key back to whom it came from, under the lock. */
  | { readonly do: 'give_back', readonly epoch: number }
  | { readonly do: 'unlock' }
  /** Keep every PVC peer from acquiring anything for as long as this node is primary. */
  | { readonly do: 'guard_sync' }
  /** By reading them directly: does a PVC peer have to release, behind the guard? */
  | { readonly do: 'look_at_peers' }
  /** Keep a PVC peer waiting until everything is released. */
  | { readonly do: 'hold_sync' }
  | { readonly do: 'release_sync' }

export type ProcedureName = 'start' | 'takeover' | 'relinquish' | 'rollback' | 'announcement' | 'guard'

export interface Procedure {
  readonly name: ProcedureName
  readonly epoch: number | null
  /** The epoch of the switchover's record, if that is an earlier one: the key was only repeated since. */
  readonly recordEpoch: number | null
  /** What this switchover came from: the node that the key goes back to if it fails; null for a failover. */
  readonly former: string | null
  readonly since: string
  /** The step in progress, and the rest. */
  readonly steps: readonly [Step, ...Step[]]
  /** Planned steps, and those finished, as clients count them: each resource, and settling. */
  readonly of: number
  readonly done: number
  readonly resource: string | null
  readonly released: readonly string[]
  readonly error: Failure | null
}

type Plan = readonly [Step, ...Step[]]

const releaseInTurn = (resources: readonly string[]): Step[] =>
  resources.flatMap((resource): Step[] => [{ do: 'turn_to', resource }, { do: 'release', resource }, { do: 'publish' }])

/** @param resources in the order of acquisition */
const releaseEach = (resources: readonly string[]): Step[] => releaseInTurn(resources.toReversed())

/** What an earlier life held must not outlive it unseen: everything is released before the first `secondary`. */
export const startPlan = (resources: readonly string[], atRest: 'secondary' | 'client'): Plan => [
  { do: 'publish' },
  ...releaseEach(resources),
  { do: 'enter', state: atRest },
  { do: 'announce', daemonState: 'run' },
]

/**
 * The lock is held from before `takeover` until after `primary`: only its holder is ever in `takeover`. A PVC node acquires only under it, and only
 * where no other is in front of it in the line of the sync lock: what is held is always behind one of both.
 * @param recordEpoch that of the switchover's record
 */
export const takeoverPlan = (resources: readonly string[], recordEpoch: number, { besidePvc }: { besidePvc: boolean }): Plan => [
  { do: 'lock_role' },
  { do: 'look_again' },
  { do: 'publish' },
  { do: 'enter', state: 'takeover' },
  ...resources.flatMap((resource): Step[] => [
    { do: 'turn_to', resource }, { do: 'publish' }, { do: 'await_release', resource }, { do: 'acquire', resource },
  ]),
  { do: 'settle' },
  { do: 'confirm', epoch: recordEpoch },
  { do: 'enter', state: 'primary' },
  ...(besidePvc ? [{ do: 'guard_sync' } as const] : []),
  { do: 'unlock' },
]

/** At rest, a primary comes to stand under the guard, or gives it up for a PVC node that could not release behind it. */
export const guardPlan = (wanted: boolean): Plan => wanted ? [{ do: 'guard_sync' }] : [{ do: 'look_at_peers' }, { do: 'release_sync' }]

/**
 * A release is published only once it is done, and the fresh transition before the state it belongs to.
 * @param resources in the order of release
 * @param again after a release that failed: the state is there already
 */
export const relinquishPlan = (resources: readonly string[], { besidePvc, again = false }: { besidePvc: boolean, again?: boolean }): Plan => besidePvc
  ? [{ do: 'hold_sync' }, ...releasing(resources, again), { do: 'release_sync' }, ...leaving]
  : [...releasing(resources, again), ...leaving]

const releasing = (resources: readonly string[], again: boolean): Plan => [
  { do: 'publish' },
  ...(again ? [] : [{ do: 'enter', state: 'relinquish' } as const]),
  ...releaseInTurn(resources),
]

const leaving: Plan = [
  { do: 'settle' },
  { do: 'enter', state: 'secondary' },
]

/**
 * Undoes a takeover: everything that may be held is released, the switchover is closed (unless it is already), and the key goes back
 * before the lock is released.
 * @param guarded a relinquish that failed has left the sync lock behind
 */
export const rollbackPlan = (held: readonly string[], epoch: number, closing: Closing | null, recordEpoch: number | null = null, guarded = false): Plan => [
  { do: 'publish' },
  ...releaseEach(held),
  ...(guarded ? [{ do: 'release_sync' } as const] : []),
  { do: 'enter', state: 'secondary' },
  ...(closing === null ? [] : [{ do: 'close_record', epoch: recordEpoch ?? epoch, closing } as const]),
  { do: 'give_back', epoch },
  { do: 'unlock' },
]

/**
 * What is left of a rollback that cannot release a resource: it is shown as a relinquish with its error, the switchover is closed as
 * planned, and the lock is released. The key keeps naming this node, the only one that could hold everything again.
 */
export const stuckPlan = (rest: readonly Step[]): Plan => [
  { do: 'publish' },
  { do: 'enter', state: 'relinquish' },
  ...rest.filter((step) => step.do === 'close_record' || step.do === 'unlock'),
]

export function beginProcedure (name: ProcedureName, steps: Plan, wall: string, given: Partial<Procedure> = {}): Procedure {
  const of = steps.filter((step) => step.do === 'acquire' || step.do === 'release' || step.do === 'settle').length
  return { name, epoch: null, recordEpoch: null, former: null, since: wall, steps, of, done: 0, resource: null, released: [], error: null, ...given }
}

const directionOf = { start: 'start', takeover: 'takeover', rollback: 'takeover', relinquish: 'relinquish', announcement: 'start', guard: 'start' } as const

/** The transition that `publish` writes. */
export const transitionOf = (procedure: Procedure): Transition => ({
  epoch: procedure.epoch,
  direction: directionOf[procedure.name],
  step: procedure.done,
  of: procedure.of,
  resource: procedure.resource,
  released: procedure.name === 'rollback' ? [] : procedure.released,
  since: procedure.since,
  error: procedure.error,
})

/** The bookkeeping of a step that was done, before the next one begins. */
export function afterStep (procedure: Procedure, step: Step): Procedure {
  switch (step.do) {
    case 'acquire':
    case 'settle': return { ...procedure, done: procedure.done + 1 }
    case 'release': {
      const released = [...procedure.released, step.resource]
      // What failed before has been released now; what a rollback undoes stays its reason.
      return procedure.name === 'rollback' ? { ...procedure, released } : { ...procedure, done: procedure.done + 1, released, error: null }
    }
    case 'turn_to': return { ...procedure, resource: step.resource }
    default: return procedure
  }
}
