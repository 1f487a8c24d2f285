/**
 * What is kept of a fence in `/nodes/<n>/fence`: enough for another coordinator to continue with it, and for people to see where it stands. Written by
 * the coordinator that judges or fences the node, and when an operator confirms that it is down.
 */
import { count, jsonObject, text, type Znode } from './znode.ts'

export const suspicions = {
  presence_gone: 'its presence is gone: its session with ZooKeeper has ended',
  keepalive_stale: 'its keepalive does not change any more',
} as const
export type Suspicion = keyof typeof suspicions

export const fenceStates = {
  pending: 'judged dead; no attempt to fence it has ended yet',
  unconfirmed: 'not known to be down: its fence failed, or nothing can fence it',
  confirmed: 'a fence or an operator has confirmed that it holds nothing',
} as const
export type FenceState = keyof typeof fenceStates

/** What an observer sees of one node at one moment. */
export interface Sighting {
  /** The session that owns its presence, or null. */
  readonly presence: string | null
  /** The transaction that wrote its presence last: a node that renews its lease is alive, whatever its keepalive does. Null with no presence. */
  readonly renewal: string | null
  readonly keepalive: string | null
}

/** Presence, renewal and keepalive are those at the judgement: anything else is a sign of life. Times are RFC 3339, for people only. */
export interface FenceRecord extends Sighting {
  readonly state: FenceState
  /** Who judged it, or fenced it last; null for a node that none of ours has judged. */
  readonly by: string | null
  /** Who judged it, and when: `by` and `since` change with each attempt. Null where none of ours has judged it, and in a record of an earlier version. */
  readonly judged_by: string | null
  readonly judged_at: string | null
  readonly why: Suspicion | null
  readonly attempts: number
  /** The method of the agent that made the last attempt, or `operator` for the word of one; null before the first. */
  readonly method: string | null
  /** When the state became what it is. */
  readonly since: string
  /** What the last attempt came to. */
  readonly message: string | null
  /** Who confirmed it: the node whose fencing agent did, or the operator; null for an operator without a name. */
  readonly confirmed_by: string | null
  readonly confirmed_at: string | null
}

/** A record of a node that was judged just now; nothing has been attempted. */
export const newFence = (by: string | null, why: Suspicion | null, seen: Sighting, wall: string): FenceRecord =>
  ({ state: 'pending', by, judged_by: by, judged_at: by === null ? null : wall, why, presence: seen.presence, renewal: seen.renewal, keepalive: seen.keepalive, attempts: 0, method: null, since: wall, message: null, confirmed_by: null, confirmed_at: null })

/** Null where there is none, or none that can be read. */
export function parseFence (data: string | null | undefined): FenceRecord | null {
  const object = jsonObject(data)
  if (object === null) return null
  const state = text(object['state'])
  const why = text(object['why'])
  return {
    state: state === 'unconfirmed' || state === 'confirmed' ? state : 'pending',
    by: text(object['by']),
    judged_by: text(object['judged_by']),
    judged_at: text(object['judged_at']),
    why: why === 'presence_gone' || why === 'keepalive_stale' ? why : null,
    presence: text(object['presence']),
    renewal: text(object['renewal']),
    keepalive: text(object['keepalive']),
    attempts: count(object['attempts']) ?? 0,
    method: text(object['method']),
    since: text(object['since']) ?? '',
    message: text(object['message']),
    confirmed_by: text(object['confirmed_by']),
    confirmed_at: text(object['confirmed_at']),
  }
}

/** The record of a fence that is not over: one that was confirmed belongs to an earlier death. */
export function openFence (data: string | null | undefined): FenceRecord | null {
  const record = parseFence(data)
  return record?.state === 'confirmed' ? null : record
}

/** How a keepalive is kept in a sighting: with its transaction, because a wall clock that steps back may say the same again. */
export const sightedKeepalive = (znode: Pick<Znode, 'data' | 'mzxid'> | undefined): string | null => znode === undefined ? null : `${znode.data}/${znode.mzxid}`

/**
 * The record as it counts now. That of a node that has come back and died again is of its earlier death: PVC's daemons never delete it.
 * @param keepalive as sighted at present
 */
export function presentFence (record: FenceRecord | null, daemonState: string | null, keepalive: string | null): FenceRecord | null {
  if (record === null || daemonState !== 'dead') return record
  return record.state === 'confirmed' || record.keepalive !== keepalive ? null : record
}

export const confirmed = (record: FenceRecord, by: string | null, message: string, wall: string): FenceRecord =>
  ({ ...record, state: 'confirmed', since: wall, message, confirmed_by: by, confirmed_at: wall })

/** A sign of life since it was judged: the node passes its saving throw. */
export const showsLife = (record: FenceRecord, seen: Sighting) =>
  seen.keepalive !== record.keepalive || (seen.presence !== null && (seen.presence !== record.presence || isRenewed(record, seen)))

/** Its presence has been written again; not known where the earlier sighting has no renewal, as records of an earlier version have none. */
export const isRenewed = (before: Sighting, { renewal }: Sighting) => renewal !== null && before.renewal !== null && renewal !== before.renewal

/** Milliseconds to wait after the last of `attempts` that did not confirm anything. */
export const retryPause = (attempts: number) => attempts === 0 ? 0 : Math.min(300_000, 5_000 * 2 ** (attempts - 1))
