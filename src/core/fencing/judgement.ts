/**
 * Who is dead, and what is to be done about it. Pure: sightings and the observer's own monotonic time in, judgements out. Clocks of different
 * machines are never compared: a keepalive counts by whether it *changes*, not by what it says.
 *
 * Invariant: every window begins again when the observer connects, so no node is judged on what happened while the observer had no contact.
 */
import { isRenewed, type Sighting, type Suspicion } from '../model/fence-record.ts'
import { isPresent, type Member } from '../model/member.ts'
import type { DaemonState } from '../model/states.ts'

/** What an observer sees of one node when it looks. */
export interface Look extends Sighting {
  readonly daemonState: DaemonState | null
}

/** What an observer has seen of one node since it connected. Times are the observer's own, in milliseconds. */
export interface Liveness {
  readonly presenceSeen: boolean
  /** Since when its presence, which was seen, is gone. */
  readonly goneSince: number | null
  readonly last: Look
  /** The keepalive has been seen to change. */
  readonly changes: boolean
  /** When it was last seen to change, or first seen. */
  readonly keepaliveAt: number
  /** The last sign of life, or the first look: another keepalive, a renewed presence, another session, another daemon state of its own. */
  readonly changedAt: number
  /** Since when it is seen to be judged dead; null while it is not. */
  readonly deadSince: number | null
}

export type LivenessByNode = ReadonlyMap<string, Liveness>

export interface FencingTerms {
  /** Milliseconds without a change of the keepalive. */
  readonly keepaliveWindow: number
  /** Milliseconds that a presence has to be gone: a daemon that starts again makes another one at once. */
  readonly presenceWindow: number
}

/** The watches after another look; nodes that are not seen any more are forgotten. */
export const observe = (watches: LivenessByNode, looks: ReadonlyMap<string, Look>, now: number): LivenessByNode =>
  new Map([...looks].map(([name, look]) => [name, livenessAfter(watches.get(name), look, now)]))

function livenessAfter (before: Liveness | undefined, look: Look, now: number): Liveness {
  const { presence, keepalive, daemonState } = look
  if (before === undefined) return { presenceSeen: presence !== null, goneSince: null, last: look, changes: false, keepaliveAt: now, changedAt: now, deadSince: daemonState === 'dead' ? now : null }
  const { last } = before
  const alive = keepalive !== last.keepalive || (presence !== null && presence !== last.presence) || isRenewed(last, look) || (daemonState !== last.daemonState && daemonState !== 'dead')
  return {
    presenceSeen: before.presenceSeen || presence !== null,
    goneSince: presence !== null || !before.presenceSeen ? null : before.goneSince ?? now,
    last: look,
    changes: before.changes || keepalive !== last.keepalive,
    keepaliveAt: keepalive === last.keepalive ? before.keepaliveAt : now,
    changedAt: alive ? now : before.changedAt,
    deadSince: daemonState === 'dead' ? before.deadSince ?? now : null,
  }
}

/** It has shown a sign of life within the window, or has not been watched for as long as that. */
export const isAlive = (watch: Liveness | undefined, { keepaliveWindow }: FencingTerms, now: number) =>
  watch === undefined || now - watch.changedAt < keepaliveWindow

/** In a state in which a silent node may hold something: a clean stop is no death. */
export const mayHoldWhenSilent = ({ daemonState, coordinatorState }: { readonly daemonState: string | null, readonly coordinatorState: string | null }) =>
  daemonState === 'init' || daemonState === 'run' || daemonState === 'shutdown' ||
  (daemonState === 'stop' && coordinatorState !== 'secondary' && coordinatorState !== 'client')

/** Out of contact, and it may hold something: it may have died just now, and too lately to be judged. */
export const isMissing = (member: Member) => member.ours && !isPresent(member) && mayHoldWhenSilent(member)

/**
 * Milliseconds that a PVC peer is given besides until it is first seen to change its keepalive: after an outage its client (kazoo) waits up to
 * 84 s, a minute and its jitter, before it tries to connect again. One of ours tries all the time, and has its presence.
 */
const PVC_RECONNECT = 90_000

/**
 * Milliseconds without a keepalive after which a PVC node counts as out of contact where no peer judges it, because no coordinator has a fencing agent: an operator's
 * word is taken for it then. Its own fencers wait for 38 s by default.
 */
export const PVC_SILENCE = 60_000

export function suspicion (member: Member, watch: Liveness | undefined, terms: FencingTerms, now: number): Suspicion | null {
  if (watch === undefined || !mayHoldWhenSilent(member)) return null
  if (member.ours && watch.goneSince !== null && now - watch.goneSince >= terms.presenceWindow) return 'presence_gone'
  // A stopped daemon writes no keepalives; that it did not release is known from its state alone once its session is over.
  if (!member.ours && !watch.changes && now - watch.changedAt < terms.keepaliveWindow + PVC_RECONNECT) return null
  return isAlive(watch, terms, now) || (member.daemonState === 'stop' && isPresent(member)) ? null : 'keepalive_stale'
}

/**
 * With `unfenced_failover`, of a dead node: it counts as having released. It was present and is no longer, and for so long that its lease, which
 * ends before its session can, has had it release everything.
 */
export const countsAsReleased = (member: Member, watch: Liveness | undefined, grace: number, now: number) =>
  member.daemonState === 'dead' && member.ours && watch != null && watch.goneSince !== null && now - watch.goneSince >= grace

/** What a coordinator does about a dead peer. */
export interface FencingMeans {
  /** It has a fencing agent. */
  readonly canFence: boolean
  /** It counts a node that is gone as having released. */
  readonly unfenced: boolean
}

/**
 * Milliseconds that PVC's own fencers are left: to judge a silent node, counted from when ours would, and again to fence a dead one. They take 8 s longer
 * than ours by default, and the fence itself some seconds.
 */
export const PVC_FENCE = 60_000

/**
 * Left to PVC's own fencers while one of them is there and has not had its time: they act on `run` alone, so that `dead`, once written, keeps them from ever
 * fencing it. That is every PVC node, because they recover its domains, too; and one of ours for a coordinator that would do nothing about it. Without an agent
 * a PVC node is not judged at all. A PVC coordinator may be there and unable to fence, or end in the middle of it.
 */
const isLeftToPvc = (node: Member, others: readonly Member[], { canFence, unfenced }: FencingMeans, hadTime: boolean) =>
  (!node.ours && !canFence) || (!hadTime && (!node.ours || !(canFence || unfenced)) && others.some((other) =>
    other.name !== node.name && !other.ours && other.mode === 'coordinator' && other.daemonState === 'run' && isPresent(other)))

export interface FencingPlan {
  readonly judge: ReadonlyArray<{ readonly name: string, readonly why: Suspicion }>
  /** Dead nodes to be fenced, one after the other. */
  readonly fence: readonly string[]
  /** Why no node is fenced although one is dead; null if that is not so. */
  readonly suspended: { readonly why: 'maintenance' | 'several_dead', readonly nodes: readonly string[] } | null
}

export function fencingPlan (self: string, members: readonly Member[], watches: LivenessByNode, terms: FencingTerms, now: number, { maintenance, ...means }: FencingMeans & { readonly maintenance: boolean }): FencingPlan {
  const others = members.filter((member) => member.name !== self)
  const suspects = others.flatMap((member) => {
    const why = suspicion(member, watches.get(member.name), terms, now)
    return why === null ? [] : [{ name: member.name, why }]
  })
  const hadTime = ({ name, daemonState }: Member): boolean => {
    const watch = watches.get(name)
    if (watch === undefined) return false
    return daemonState === 'dead' ? watch.deadSince !== null && now - watch.deadSince >= PVC_FENCE : now - watch.changedAt >= terms.keepaliveWindow + PVC_FENCE
  }
  const judge = suspects.filter(({ name }) => !others.some((member) => member.name === name && isLeftToPvc(member, others, means, hadTime(member))))
  const dead = others.filter((member) => member.daemonState === 'dead')
  const down = [...suspects.map(({ name }) => name), ...dead.map(({ name }) => name)].sort()
  if (maintenance) return { judge: [], fence: [], suspended: down.length === 0 ? null : { why: 'maintenance', nodes: down } }
  const coordinators = others.filter((member) => member.mode === 'coordinator' && (isMissing(member) || down.includes(member.name))).map(({ name }) => name)
  if (down.length > 0 && coordinators.length > 1) return { judge, fence: [], suspended: { why: 'several_dead', nodes: coordinators.sort() } }
  // PVC's fencers judge by the keepalive alone, also of one of ours that waits after an outage for its former session to end. Ours look for themselves.
  const isSpared = ({ name, ours, presence }: Member) => (!ours || presence !== null) && isAlive(watches.get(name), terms, now)
  // One that PVC's fencers are at is fenced by ours only once their word of it is there, and it is not `fenced`.
  return { judge, fence: dead.filter((member) => !isSpared(member) && (member.fencersWord || !isLeftToPvc(member, others, means, hadTime(member)))).map(({ name }) => name), suspended: null }
}
