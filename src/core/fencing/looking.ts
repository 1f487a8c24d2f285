/**
 * Decides which znodes of a peer an observer reads directly, and which it takes from the cache. Pure.
 *
 * Invariant: the cache can only bear out what this observer has read itself since it connected. A presence that comes or goes, and every sign of
 * life but a renewal, is seen by a direct reading. So a cache that is behind, as after a reconnection, delays a judgement and never causes one.
 */
import type { Sighting } from '../model/fence-record.ts'
import type { Member } from '../model/member.ts'
import { mayHoldWhenSilent, type Liveness } from './judgement.ts'

/** A presence as the cache has it. */
export interface CachedPresence {
  readonly owner: string
  /** The transaction that wrote it last. */
  readonly renewal: string
}

/** `presence`: that, and the keepalive with it. */
export type DirectReading = 'presence' | 'keepalive' | 'none'

/**
 * @param cadence milliseconds after which another keepalive is due. From then on it is read at every look until it has changed, so it is seen as soon as if
 *   every look had read it; after twice that time the presence is read as well
 */
export function directReading (member: Member, watch: Liveness | undefined, cached: CachedPresence | null, cadence: number, now: number): DirectReading {
  if (watch === undefined || (cached?.owner ?? null) !== watch.last.presence) return 'presence'
  if (!mayHoldWhenSilent(member) && member.daemonState !== 'dead') return 'none'
  if (member.ours && watch.last.presence === null) return 'presence'
  const silent = now - watch.keepaliveAt
  return silent >= 2 * cadence ? 'presence' : silent >= cadence ? 'keepalive' : 'none'
}

/** What was seen last, which the cache bears out; a renewal that the cache has read since is one. */
export const borneOut = ({ presence, renewal, keepalive }: Sighting, cached: CachedPresence | null): Sighting =>
  ({ presence, renewal: cached !== null && renewal !== null && cached.renewal > renewal ? cached.renewal : renewal, keepalive })
