/**
 * What a coordinator at rest should do, by what the key says and what it is: the table of the state machine. Level-triggered: nothing
 * here depends on having seen what came before, but for the epochs this life has already tried.
 */
import type { RoleSnapshot } from '../switchover/completion.ts'
import type { Delays } from './delays.ts'
import { contendsByItself, headStart, isVacant, mayContend } from '../switchover/contention.ts'
import type { Guard, Tried } from './coordinator-state.ts'
import { epochOf } from '../model/epoch.ts'
import { isFit, isReady, type Member } from '../model/member.ts'
import { isKeptFromReleasing } from '../switchover/handover.ts'
import { isAsSeen, type Past, type RestingIntent, type SeenKey } from './intent.ts'
import type { CoordinatorState } from '../model/states.ts'
import type { Failure } from '../model/transition.ts'

/** What of a coordinator the decision rests on. */
export interface DecisionInput {
  readonly self: string
  readonly state: CoordinatorState | null
  readonly daemon: 'init' | 'run' | 'shutdown'
  readonly stopping: boolean
  /** `shutdown` has been written. */
  readonly announced: boolean
  /** No takeover is begun for this epoch or an older one: it belongs to an earlier life, or was tried. */
  readonly spentEpoch: number
  readonly tried: Tried | null
  /** A takeover failed here lately: peers go first. */
  readonly backingOff: boolean
  /** The time for handing the role over at shutdown is up. */
  readonly handoverOver: boolean
  readonly guard: Guard
  /** A resource is gone and could not be acquired again. */
  readonly lostResource: Failure | null
  /** Why a resource could not be acquired here; null if nothing is known to be in the way. */
  readonly unready: Failure | null
  /** This node is the target of an open switchover, and PVC's keepalive has written the name of the holder over its own. */
  readonly echoed: boolean
  readonly delays: Delays
}

export type Decision =
  | { readonly do: 'nothing' }
  | { readonly do: 'start' }
  | { readonly do: 'announce_shutdown' }
  /** Nothing is held and nothing in progress: the daemon may stop. */
  | { readonly do: 'leave' }
  | { readonly do: 'adopt' | 'rewrite' | 'reassert', readonly after: number, readonly seen: SeenKey }
  | { readonly do: 'free', readonly after: number, readonly seen: SeenKey, readonly cause: 'shutdown' | 'repair', readonly reason: string | null, readonly to: string | null }
  /** Give the key back before anything is acquired or released for it. */
  | { readonly do: 'decline', readonly after: number, readonly seen: SeenKey, readonly failure: Failure }
  /** `headStart`: milliseconds more, in which peers of a higher priority go first. A delay that runs is not begun again when this changes. */
  | { readonly do: 'contend', readonly after: number, readonly seen: SeenKey, readonly past: Past, readonly cause: 'contention' | 'repair' | 'fence', readonly headStart?: number }
  | { readonly do: 'takeover' | 'relinquish', readonly after: number, readonly epoch: number }
  /** Take the sync lock as a primary, or give it up. */
  | { readonly do: 'guard', readonly after: number, readonly wanted: boolean }

const nothing: Decision = { do: 'nothing' }

export function decide (me: DecisionInput, snapshot: RoleSnapshot | null): Decision {
  if (me.daemon === 'init') return !me.backingOff ? { do: 'start' } : me.stopping ? { do: 'leave' } : nothing
  if (me.daemon === 'shutdown' && !me.announced) return { do: 'announce_shutdown' }
  if (me.daemon === 'shutdown' && (me.state === 'secondary' || me.state === 'client')) return { do: 'leave' }
  if (me.daemon === 'shutdown' && me.state === 'relinquish' && me.handoverOver) return { do: 'leave' }
  if (snapshot === null) return nothing
  const epoch = epochOf(snapshot.key, snapshot.ledger)
  const { value, version, czxid } = snapshot.key
  const seen = { value, version, czxid }
  if (epoch === null) return me.state === 'client' ? nothing : { do: 'adopt', after: retryDelay(me, 'adopt', seen), seen }
  switch (me.state) {
    case 'primary': return me.daemon === 'shutdown' ? primaryStopping(me, snapshot, epoch, seen) : primary(me, snapshot, epoch, seen)
    case 'secondary': return secondary(me, snapshot, epoch, seen)
    case 'relinquish': return me.daemon === 'run' ? stuck(me, snapshot, epoch, seen) : releaseAgain(me, epoch)
    default: return nothing
  }
}

/** 0 for the first attempt at this version of the key. A repeat waits: another node may have won, and needs that time to begin. */
const retryDelay = (me: DecisionInput, intent: RestingIntent['kind'], seen: SeenKey) =>
  isTried(me, intent, seen) ? me.delays.takeoverStart : 0

const isTried = ({ tried }: DecisionInput, intent: RestingIntent['kind'], seen: SeenKey) =>
  tried !== null && tried.intent === intent && isAsSeen(tried.seen, seen)

/** Milliseconds until it is done. */
export const delayOf = (decision: Decision): number => 'after' in decision ? decision.after + ('headStart' in decision ? decision.headStart : 0) : 0

const find = (name: string, members: readonly Member[]) => members.find((member) => member.name === name)

function named (me: DecisionInput, epoch: number, seen: SeenKey): Decision {
  if (me.unready !== null && me.state === 'secondary') return { do: 'decline', after: retryDelay(me, 'decline', seen), seen, failure: me.unready }
  if (epoch > me.spentEpoch) return { do: 'takeover', after: me.delays.transitionDelay, epoch }
  return me.backingOff ? nothing : { do: 'rewrite', after: retryDelay(me, 'rewrite', seen), seen }
}

/** Why the key is there to be had. */
function causeOf ({ value }: SeenKey, members: readonly Member[]): 'contention' | 'repair' | 'fence' {
  if (value === 'none') return 'contention'
  return find(value, members)?.daemonState === 'fenced' ? 'fence' : 'repair'
}

function secondary (me: DecisionInput, { members }: RoleSnapshot, epoch: number, seen: SeenKey): Decision {
  if (seen.value === me.self) return named(me, epoch, seen)
  if (me.echoed && me.unready === null && me.daemon === 'run') return { do: 'reassert', after: retryDelay(me, 'reassert', seen), seen }
  if (me.backingOff || me.unready !== null || !mayContend(me.self, members)) return nothing
  const self = find(me.self, members)
  if (self !== undefined && !contendsByItself(self, members)) return nothing
  const share = headStart(me.self, seen.value, members)
  const behind = share === 0 ? {} : { headStart: share * me.delays.transitionDelay }
  if (isVacant(seen.value, members)) {
    return { do: 'contend', after: retryDelay(me, 'contend', seen), seen, past: 'nobody', cause: causeOf(seen, members), ...behind }
  }
  const other = find(seen.value, members)
  const slow = other !== undefined && isFit(other) && other.coordinatorState !== 'takeover' && other.coordinatorState !== 'primary'
  return slow ? { do: 'contend', after: me.delays.takeoverStart, seen, past: 'slow', cause: 'repair', ...behind } : nothing
}

/** A peer could take over at once, and would by itself. A primary that stops has no part in what its peers lack, whether or not its view shows that it stops. */
function somebodyFit (me: DecisionInput, members: readonly Member[]): boolean {
  const compared = me.daemon === 'shutdown' ? members.filter(({ name }) => name !== me.self) : members
  return members.some((member) => member.name !== me.self && isFit(member) && isReady(member) && contendsByItself(member, compared)) && mayContend(me.self, members)
}

const free = (me: DecisionInput, seen: SeenKey, cause: 'shutdown' | 'repair', reason: string | null): Decision =>
  ({ do: 'free', after: retryDelay(me, 'free', seen), seen, cause, reason, to: null })

/**
 * A release failed. If no other node can serve, this node contends, and acquires again what it did release. While another is to serve, the release is tried
 * again: that node waits for it, and what was in its way may be mended.
 */
function stuck (me: DecisionInput, { members }: RoleSnapshot, epoch: number, seen: SeenKey): Decision {
  if (givesWay(me, seen, members)) return releaseAgain(me, epoch)
  if (seen.value === me.self) return named(me, epoch, seen)
  const other = find(seen.value, members)
  if (other !== undefined && isFit(other)) return releaseAgain(me, epoch)
  if (me.backingOff || !mayContend(me.self, members) || !isVacant(seen.value, members)) return nothing
  return { do: 'contend', after: me.delays.reclaimDelay, seen, past: 'nobody', cause: causeOf(seen, members) }
}

const releaseAgain = ({ delays }: DecisionInput, epoch: number): Decision => ({ do: 'relinquish', after: delays.takeoverStart, epoch })

/**
 * A PVC node in `takeover` acquires once it holds the lock, without reading the key again. This primary relinquishes at once, in time for the PVC node's
 * first phase, unless the key names another fit node: then the normal rule applies.
 */
function givesWay (me: DecisionInput, { value }: SeenKey, members: readonly Member[]): boolean {
  const other = value === me.self ? undefined : find(value, members)
  return !(other !== undefined && isFit(other)) && members.some((member) => !member.ours && isFit(member) && member.coordinatorState === 'takeover')
}

/**
 * A PVC node that takes over asks nobody what is held: it waits in the line of the sync lock, a second for the node that releases to come into it. A primary that
 * is in front of it from the beginning is safe however late it comes to know. Only a PVC node that releases has to wait there, too, and first.
 */
function guard (me: DecisionInput, members: readonly Member[]): Decision {
  if (me.guard === 'held') return isKeptFromReleasing(members) ? { do: 'guard', after: me.delays.transitionDelay, wanted: false } : nothing
  const wanted = !isKeptFromReleasing(members) && members.some((member) => !member.ours && member.mode === 'coordinator')
  return wanted ? { do: 'guard', after: me.guard === 'refused' ? me.delays.takeoverStart : 0, wanted } : nothing
}

function primary (me: DecisionInput, { members }: RoleSnapshot, epoch: number, seen: SeenKey): Decision {
  if (givesWay(me, seen, members)) return { do: 'relinquish', after: 0, epoch }
  if (seen.value === me.self) return me.lostResource !== null && somebodyFit(me, members) ? free(me, seen, 'repair', me.lostResource.message) : guard(me, members)
  const other = find(seen.value, members)
  if (other !== undefined && isFit(other)) return { do: 'relinquish', after: me.delays.transitionDelay, epoch }
  return { do: 'contend', after: me.delays.reclaimDelay, seen, past: 'nobody', cause: causeOf(seen, members) }
}

function primaryStopping (me: DecisionInput, { members }: RoleSnapshot, epoch: number, seen: SeenKey): Decision {
  if (givesWay(me, seen, members)) return { do: 'relinquish', after: 0, epoch }
  const other = seen.value === me.self ? undefined : find(seen.value, members)
  if (other !== undefined && isFit(other)) return { do: 'relinquish', after: me.handoverOver ? 0 : me.delays.transitionDelay, epoch }
  const heir = members.find((member) => !member.ours && member.mode === 'coordinator' && isFit(member))
  if (me.handoverOver) return heir === undefined || isTried(me, 'free', seen) ? { do: 'relinquish', after: 0, epoch } : handedTo(heir, seen, 0)
  if (seen.value === me.self) return free(me, seen, 'shutdown', null)
  if (!somebodyFit(me, members)) return { do: 'relinquish', after: 0, epoch }
  return heir === undefined ? nothing : handedTo(heir, seen, me.delays.takeoverStart)
}

/** A PVC node contends only when the key becomes free, and loses if the lock is held at that moment. A key that names the node makes it take over. */
const handedTo = ({ name }: Member, seen: SeenKey, after: number): Decision =>
  ({ do: 'free', after, seen, cause: 'shutdown', reason: null, to: name })
