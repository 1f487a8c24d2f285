/**
 * When a coordinator may contend for the primary role. Who wins is decided under the primary lock, with the key's version as failsafe;
 * this only says whose turn it may be at all.
 */
import { holdsNothing, isFit, isPresent, type Member } from '../model/member.ts'
import { NOBODY } from '../model/states.ts'

/** Every other coordinator is in contact, or certainly holds nothing: no coordinator contends past a holder that cannot be asked. */
export const mayContend = (self: string, members: readonly Member[]) =>
  members.every((member) => member.name === self || isPresent(member) || holdsNothing(member))

/** The key names no node that could serve, and none that might still hold something in that name. */
export function isVacant (value: string, members: readonly Member[]): boolean {
  if (value === NOBODY) return true
  const named = members.find((member) => member.name === value)
  return named === undefined || (!isFit(named) && holdsNothing(named))
}
