/**
 * Break before make: a taker may acquire a resource only when every peer has released it, not merely the last primary. The peers are
 * every registered node; the taker reads them directly, holding the primary lock, on the lock's own session.
 */
import { hasReleased, isUnconfirmedHolder, type Member } from '../model/member.ts'

/** The peers that may still hold `resource`, by name; empty means that it may be acquired. */
export const holdersOf = (resource: string, taker: string, members: readonly Member[]): readonly string[] =>
  members.filter((member) => member.name !== taker && !hasReleased(member, resource)).map((member) => member.name)

/** A peer that is there has published the release of `resource` in the relinquish of this very epoch, and that it had it until then: so no other node did. */
export const isHandedOver = (resource: string, epoch: number | null, members: readonly Member[]): boolean =>
  members.some(({ presence, transition }) => presence !== null && transition?.direction === 'relinquish' && epoch !== null && transition.epoch === epoch &&
    transition.released.includes(resource) && transition.absent?.includes(resource) !== true)

/** Peers that may hold something and cannot be asked: the switchover waits for a fence or an operator. */
export const unconfirmedHolders = (taker: string | null, members: readonly Member[]): readonly string[] =>
  members.filter((member) => member.name !== taker && isUnconfirmedHolder(member)).map((member) => member.name)

/** A PVC node that releases takes its turn in the line of the sync lock, behind a primary of ours that is there. */
export const isKeptFromReleasing = (members: readonly Member[]): boolean =>
  members.some((member) => !member.ours && member.mode === 'coordinator' && (member.coordinatorState === 'primary' || member.coordinatorState === 'relinquish'))
