/**
 * What the primary role needs to know of one node, and the words said of it: present, fit, releasing.
 * Every condition is positive and fails safe: an absent or malformed state satisfies none of them.
 */
import { parseBrokenFences, type BrokenFence } from './fence-probe.ts'
import { failoverOf, type Failover } from './failover.ts'
import { defaultPreference, parsePreference, unwillingness, type Preference } from './preference.ts'
import { parseReadiness, type Readiness } from './readiness.ts'
import { parseIdentities } from './resource-states.ts'
import { shortened } from './shortened.ts'
import { coordinatorStateOf, daemonStateOf, nodeModeOf, type CoordinatorState, type DaemonState, type NodeMode } from './states.ts'
import { parseTransition, type Transition } from './transition.ts'
import { isMoment, jsonObject, text, type Znode } from './znode.ts'

/** A node's ephemeral `presence`: it lives exactly as long as the session that made it. */
export interface Presence {
  readonly owner: string
  /** Where this node's pvcapid answers, `host:port`, or null. */
  readonly api: string | null
  /** Seconds that its takeover and its relinquish may need at most; null where it does not say. */
  readonly takeoverTime: number | null
  readonly relinquishTime: number | null
  /** What it does about a dead peer; null where it does not say. */
  readonly failover: Failover | null
  /** Whether it could acquire its resources; null where it does not say. */
  readonly readiness: Readiness | null
  /** Until when it leaves the role to its peers, after a failure; null if it does not. */
  readonly backoff: Backoff | null
  /** Peers that it could not fence, as it has found out before that is needed; null where it has not asked. */
  readonly brokenFences: readonly BrokenFence[] | null
  /** Who is to be primary rather than it, and whether it contends at all; the defaults where it does not say. */
  readonly preference: Preference
  /** What it is configured to hold as primary, by identity; null where it does not say. */
  readonly resources: readonly string[] | null
  /** When its run before this one, if that was primary, was last known to be: RFC 3339, by the ensemble's clock. Null otherwise, and where it does not say. For people only. */
  readonly earlierSign: string | null
}

export interface Backoff {
  /** RFC 3339, by the node's own wall clock. */
  readonly until: string
  readonly why: string
}

export interface Member {
  readonly name: string
  readonly mode: NodeMode | null
  readonly daemonState: DaemonState | null
  readonly coordinatorState: CoordinatorState | null
  /** Version of the znode of `coordinatorState`, or null if it is absent. */
  readonly stateVersion: number | null
  /** When the coordinator state was written, RFC 3339 by the ensemble's clock. For people only. */
  readonly stateSince: string | null
  readonly presence: Presence | null
  readonly transition: Transition | null
  /** One of ours (it publishes transitions), not a Python PVC daemon, which is judged by its keepalive instead. */
  readonly ours: boolean
  /**
   * Its coordinator state was written while it was dead, so it is a fencer's word and not the node's. PVC's fencers write `secondary`
   * on any node whether or not their fence worked; a fencer of ours that means it, of one of ours, writes `dead` again after it. On a PVC node the word stays a
   * fencer's when its daemon state changes, until the node writes a coordinator state itself: coordinators keep that in `disbelieved`.
   */
  readonly fencersWord: boolean
  /**
   * Its coordinator state is the one that its registering transaction wrote, before anything was released. PVC's software has to find a state there, but the
   * host may hold resources of a life whose znodes were deleted: the node's word counts from its next one, which its start writes after the releases.
   */
  readonly firstWord: boolean
  /** For a PVC peer: the observer has seen its keepalive change within the window. */
  readonly alive: boolean
  /** Changes whenever anything does that the completion rule reads; see `completion.ts`. */
  readonly stamp: string
}

/** The znodes below `/nodes/<n>` that make a `Member`. */
export const memberZnodes = ['daemonmode', 'daemonstate', 'routerstate', 'presence', 'transition', 'disbelieved'] as const
export type MemberZnode = typeof memberZnodes[number]

/** Seconds of a day: a node that may need longer than that says nothing of use. */
const LONGEST = 86_400
const seconds = (value: unknown) => typeof value === 'number' && value >= 0 && value <= LONGEST ? value : null

/** A persistent znode of that name, as an imported tree has it, is no sign of life: no session goes with it. */
export const isSessions = (presence: Znode | undefined): presence is Znode => presence !== undefined && presence.owner !== ''

function parsePresence (znode: Znode | undefined): Presence | null {
  if (!isSessions(znode)) return null
  const object = jsonObject(znode.data) ?? {}
  return {
    owner: znode.owner,
    api: text(object['api']),
    takeoverTime: seconds(object['takeover_time']),
    relinquishTime: seconds(object['relinquish_time']),
    failover: failoverOf(object['failover']),
    readiness: parseReadiness(object['readiness']),
    backoff: parseStandsBack(object['stands_back']),
    brokenFences: parseBrokenFences(object['broken_fences']),
    preference: parsePreference(object['candidate']),
    resources: parseIdentities(object['resources']),
    earlierSign: isMoment(object['earlier_sign_at']) ? object['earlier_sign_at'] : null,
  }
}

function parseStandsBack (value: unknown): Backoff | null {
  const { until, why } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return text(until) === null ? null : { until: (until as string).slice(0, 64), why: shortened(text(why) ?? '', 300) }
}

/** What `disbelieved` holds: the transaction that wrote the coordinator state which is a fencer's word. */
export const disbelief = (stateMzxid: string, by: string, at: string): string => JSON.stringify({ state_mzxid: stateMzxid, by, at })

const parseDisbelief = (znode: Znode | undefined): string | null => znode === undefined ? null : text(jsonObject(znode.data)?.['state_mzxid'])

/**
 * @param read gives a znode below `/nodes/<name>`, or undefined where there is none
 * @param alive whether the observer has seen the keepalive change lately; matters for PVC peers only
 */
export function memberOf (name: string, read: (child: MemberZnode) => Znode | undefined, alive: boolean): Member {
  const state = read('routerstate')
  const transition = read('transition')
  // Only a registering transaction makes both, and every later state has a transaction of its own.
  const firstWord = state !== undefined && state.mzxid === transition?.czxid
  const presence = parsePresence(read('presence'))
  const daemon = read('daemonstate')
  const ours = transition !== undefined || presence !== null
  const disbelieved = ours ? null : parseDisbelief(read('disbelieved'))
  const isWrittenOverDead = state !== undefined && daemon !== undefined && daemonStateOf(daemon.data) === 'dead' && state.mzxid > daemon.mzxid
  return {
    name,
    mode: nodeModeOf(read('daemonmode')?.data),
    daemonState: daemonStateOf(daemon?.data),
    coordinatorState: coordinatorStateOf(state?.data),
    stateVersion: state?.version ?? null,
    stateSince: state?.modified ?? null,
    presence,
    transition: parseTransition(transition?.data),
    ours,
    fencersWord: isWrittenOverDead || (state !== undefined && state.mzxid === disbelieved),
    firstWord,
    alive,
    stamp: `${state?.mzxid ?? '-'}/${daemon?.mzxid ?? '-'}${disbelieved === null ? '' : `/${disbelieved}`}`,
  }
}

/** Its daemon is in contact with ZooKeeper, as far as that can be told from outside. */
export const isPresent = (member: Member) => member.ours ? member.presence !== null : member.alive

/** May be given the primary role. */
export const isFit = (member: Member) =>
  member.mode === 'coordinator' && member.daemonState === 'run' && isPresent(member)

/** Has found nothing that would keep it from acquiring its resources. */
export const isReady = ({ presence }: Member) => (presence?.readiness?.unready ?? []).length === 0

/** A node that is not there, or does not say, has the defaults. */
export const preferenceOf = ({ presence }: Member): Preference => presence?.preference ?? defaultPreference

/** Nothing that it prefers keeps it from contending by itself. It says nothing of whether the node could, or may. */
export const isWilling = (member: Member) => unwillingness(preferenceOf(member)).length === 0

/** Does a primary's work: its daemon runs, or is stopping and has not handed over yet, and is in contact. */
export const isServing = (member: Member) =>
  (member.daemonState === 'run' || member.daemonState === 'shutdown') && isPresent(member)

/** Registered but never given a coordinator state: it has not begun to take part, so it holds nothing. */
const neverTookPart = (member: Member) =>
  member.stateVersion === null && member.daemonState === null

/**
 * Holds no resource: it said so itself after releasing, or a confirmed fence says it for the node. A coordinator whose state cannot be
 * read may hold anything; a hypervisor's missing state is only a fault of its znodes.
 */
export const holdsNothing = (member: Member) =>
  (!member.fencersWord && !member.firstWord && (member.coordinatorState === 'secondary' || member.coordinatorState === 'client')) ||
  member.daemonState === 'fenced' || neverTookPart(member) || (member.mode === 'hypervisor' && (member.coordinatorState === null || member.firstWord))

/**
 * Has released `resource`: it holds nothing, or has published this very resource as released in its present transition. That takes a
 * daemon of ours that is there, in the start or the relinquish that the transition belongs to: one that was left behind says nothing.
 */
export function hasReleased (member: Member, resource: string): boolean {
  if (holdsNothing(member)) return true
  const { transition } = member
  if (transition === null || member.presence === null || !transition.released.includes(resource)) return false
  return transition.direction === 'start' ? member.daemonState === 'init' : member.coordinatorState === 'relinquish' && transition.direction === 'relinquish'
}

/** May hold resources and cannot be asked: only a fence or an operator's confirmation settles that. */
export const isUnconfirmedHolder = (member: Member) =>
  !holdsNothing(member) && (!isPresent(member) || member.daemonState === 'dead')

export const hasFailed = ({ daemonState }: Member): boolean => daemonState === 'dead' || daemonState === 'fenced'

/**
 * Whether the node that reads as the former primary holds the role no more: there is none, or it has failed or begun again. A fencer writes `fenced` before
 * `secondary`: in between the node that failed reads as the primary still.
 */
export const hasLostRole = (former: Member | undefined): boolean => former === undefined || hasFailed(former) || former.daemonState === 'init'

/** Since when a node that is in `relinquish` holds less than everything; null for one that holds everything still. */
export const releasingSince = ({ coordinatorState, transition, stateSince }: Member): string | null =>
  coordinatorState === 'relinquish' && (transition === null || transition.released.length > 0) ? stateSince : null
