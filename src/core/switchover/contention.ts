/**
 * When a coordinator may contend for the primary role. Who wins is decided under the primary lock, with the key's version as failsafe;
 * this only says whose turn it may be at all.
 */
import { holdsNothing, isFit, isPresent, isWilling, preferenceOf, type Member } from '../model/member.ts'
import { defaultPreference } from '../model/preference.ts'
import { NOBODY } from '../model/states.ts'
import { couldContend, lacks } from './lacking.ts'

/** Every other coordinator is in contact, or certainly holds nothing: no coordinator contends past a holder that cannot be asked. */
export const mayContend = (self: string, members: readonly Member[]) =>
  members.every((member) => member.name === self || isPresent(member) || holdsNothing(member))

/** The key names no node that could serve, and none that might still hold something in that name. */
export function isVacant (value: string, members: readonly Member[]): boolean {
  if (value === NOBODY) return true
  const named = members.find((member) => member.name === value)
  return named === undefined || (!isFit(named) && holdsNothing(named))
}

/** The key names a node that could serve as primary, or does. */
export const isServed = (value: string, members: readonly Member[]): boolean => members.some((member) => member.name === value && isFit(member))

/** Neither what it prefers nor what it lacks keeps it from contending. It says nothing of whether the node could, or may. */
export const contendsByItself = (member: Member, members: readonly Member[]): boolean => isWilling(member) && lacks(member, members).length === 0

/**
 * The part of the transition delay, 0 to 1, for which `self` leaves the key to contenders that are to be primary rather than it: 0 for the highest
 * priority among the contenders, 1 for the lowest, in even steps between. So nodes of one priority contend at the same time, and a contender that does not come
 * to it costs no more than the transition delay.
 * @param named the node that the key names, which is passed over
 */
export function headStart (self: string, named: string, members: readonly Member[]): number {
  const own = members.find(({ name }) => name === self)
  const priority = (own === undefined ? defaultPreference : preferenceOf(own)).priority
  const others = new Set(members.filter((member) => member.name !== self && member.name !== named && couldContend(member) && lacks(member, members).length === 0).map((member) => preferenceOf(member).priority))
  const higher = [...others].filter((other) => other > priority).length
  return higher === 0 ? 0 : higher / (higher + [...others].filter((other) => other < priority).length)
}
