/** Counts what clients do within a minute, and refuses what is too much. Bounded in the clients that it knows: the ones seen least lately are forgotten. */
import type { Clock } from '../../runtime/clock.ts'

const MINUTE = 60_000
/** Clients that are counted at once. */
const KNOWN = 10_000

export class MinuteCounter {
  readonly #clock: Clock
  readonly #limit: number
  /** Client → its count and when that begins again, monotonic; the one seen least lately first. */
  readonly #counts = new Map<string, { count: number, readonly until: number }>()

  /** @param limit in a minute; 0 for none */
  constructor (clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  get limit (): number { return this.#limit }

  /** Counts one. Returns null, or, if that is too much, after how many whole seconds it is worth while to try again. */
  take (client: string): number | null {
    if (this.#limit === 0) return null
    const now = this.#clock.monotonic()
    const known = this.#counts.get(client)
    const entry = known === undefined || now >= known.until ? { count: 0, until: now + MINUTE } : known
    this.#counts.delete(client)
    this.#counts.set(client, entry)
    if (this.#counts.size > KNOWN) this.#counts.delete(this.#counts.keys().next().value as string)
    if (entry.count >= this.#limit) return Math.ceil((entry.until - now) / 1000)
    entry.count += 1
    return null
  }

  /** One that was counted does not count. */
  giveBack (client: string): void {
    const known = this.#counts.get(client)
    if (known !== undefined && known.count > 0) known.count -= 1
  }
}
