/**
 * The words of the state machine: every list here is closed, and every `switch` over one is exhaustive.
 * The values are PVC's own, so that either project's daemons read one another's znodes.
 */

/** What a node's daemon is doing, or what a peer has found out about it. */
export const daemonStates = {
  init: 'starting: releasing what an earlier life may have held',
  run: 'running',
  shutdown: 'stopping in order; keepalives continue',
  stop: 'stopped in order; holds nothing unless its coordinator state says otherwise',
  dead: 'judged dead by a peer; may still hold resources',
  fenced: 'confirmed to hold nothing by a fence or an operator',
} as const
export type DaemonState = keyof typeof daemonStates

/** What a node has to do with the primary role. */
export const coordinatorStates = {
  client: 'a hypervisor: has no part in the primary role',
  secondary: 'holds no resource',
  takeover: 'acquiring the resources; holds the primary lock',
  primary: 'holds every resource',
  relinquish: 'releasing the resources',
} as const
export type CoordinatorState = keyof typeof coordinatorStates

/** Whether a node runs domains (virtual machines). */
export const domainStates = {
  ready: 'runs domains',
  unflush: 'asked to take domains again',
  flush: 'asked to give its domains away',
  flushed: 'runs none',
  'fence-flush': 'its domains are being recovered elsewhere after a fence',
} as const
export type DomainState = keyof typeof domainStates

export const nodeModes = ['coordinator', 'hypervisor'] as const
export type NodeMode = typeof nodeModes[number]

/** Why a change of the primary key was made. */
export const causes = {
  request: 'asked for over HTTP',
  contention: 'the key named no node, and this coordinator won',
  shutdown: 'the primary is stopping and freed the key',
  fence: 'the primary was fenced',
  repair: 'the key named a node that could not serve, or did not begin',
  rollback: 'a takeover failed and the key was given back',
  restart: 'the named node started again, and each takeover has an epoch of its own',
  external: 'another program wrote the key without a record',
} as const
export type Cause = keyof typeof causes

/** How a switchover ended. */
export const outcomes = {
  succeeded: 'the key names the target at this epoch, the target is primary and every other coordinator has released everything',
  failed: 'a resource could not be acquired or released; rolled back',
  superseded: 'a later change of the key took its place, or another write its very epoch',
  timed_out: 'not settled within its bound',
  not_applied: 'the key was never written for it',
} as const
export type Outcome = keyof typeof outcomes

const oneOf = <T extends string>(values: Record<T, unknown>) =>
  (text: string | null | undefined): T | null => text != null && Object.hasOwn(values, text) ? text as T : null

/** Each returns null for an absent or malformed value; the caller decides what that means. */
export const daemonStateOf = oneOf(daemonStates)
export const coordinatorStateOf = oneOf(coordinatorStates)
export const domainStateOf = oneOf(domainStates)
export const causeOf = oneOf(causes)
export const outcomeOf = oneOf(outcomes)
export const nodeModeOf = oneOf<NodeMode>({ coordinator: true, hypervisor: true })

/** The value of the primary key that names no node. */
export const NOBODY = 'none'

/** Makes a `switch` exhaustive: reaching it is a bug, and a bug becomes a crash, not a second primary. */
export function unreachable (value: never): never {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`)
}
