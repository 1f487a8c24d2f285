/** 6: the winner of the key, if it can serve, keeps it for its start: no contender takes it away. */
import { isFit, type Member } from '../../src/core/model/member.ts'
import type { SwitchoverRecord } from '../../src/core/model/record.ts'

/** Milliseconds in which the one that is named has to begin, as every daemon here has it. */
const TAKEOVER_START = 5_000
/** Milliseconds for which a contender may have seen the winner as it was before: a server that is cut off answers for so long. */
const STALE = 15_000

const contends: ReadonlySet<string> = new Set(['contention', 'repair', 'fence'])

export class JudgedWinners {
  readonly #say: (what: string) => void
  readonly #fitSince = new Map<string, number>()
  #named = { value: '', at: -Infinity }

  constructor (say: (what: string) => void) { this.#say = say }

  /** @param now milliseconds */
  seen (members: readonly Member[], now: number): void {
    for (const member of members) {
      if (!isFit(member)) this.#fitSince.delete(member.name)
      else if (!this.#fitSince.has(member.name)) this.#fitSince.set(member.name, now)
    }
  }

  /** @param record of the key's new epoch, if it has one */
  named (value: string, record: SwitchoverRecord | undefined, now: number): void {
    const before = this.#named
    // Written again with the same name, be it to use up an epoch, it is still named since then.
    if (value !== before.value) this.#named = { value, at: now }
    if (record === undefined || record.to !== value || value === before.value || !contends.has(record.cause) || now - before.at >= TAKEOVER_START) return
    if ((this.#fitSince.get(before.value) ?? Infinity) < before.at - STALE) this.#say(`6: ${value} took the key from ${before.value}, which had it for ${((now - before.at) / 1000).toFixed(1)} s and can serve`)
  }
}
