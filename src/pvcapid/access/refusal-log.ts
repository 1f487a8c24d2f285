/**
 * Decides which refused requests get a log line of their own: the first of each client and reason within a minute. The following ones are counted, and
 * one line reports their number at the end of the minute. A client that is refused again and again fills no disk, and is still seen.
 */
import type { Clock, Timer } from '../../runtime/clock.ts'

const MINUTE = 60_000
/** Clients and reasons that are told apart; the rest is counted together. */
const KNOWN = 1_000

export interface RefusalSum {
  /** The client: an address, or a network of IPv6. Null for those that are counted together. */
  readonly from: string | null
  readonly code: string
  /** Besides the one that was logged. */
  readonly count: number
}

export interface RefusalLogOptions {
  readonly clock: Clock
  readonly onSum: (sum: RefusalSum) => void
}

export class RefusalLog implements Disposable {
  readonly #options: RefusalLogOptions
  readonly #counted = new Map<string, { readonly from: string | null, readonly code: string, readonly timer: Timer, count: number }>()

  constructor (options: RefusalLogOptions) {
    this.#options = options
  }

  /** Whether this refusal is to be logged by itself. */
  isFirst (client: string, code: string): boolean {
    const key = `${client} ${code}`
    const from = this.#counted.has(key) || this.#counted.size < KNOWN ? client : null
    const name = from === null ? code : key
    const known = this.#counted.get(name)
    if (known !== undefined) {
      known.count += 1
      return false
    }
    this.#counted.set(name, { from, code, count: 0, timer: this.#options.clock.after(MINUTE, () => this.#tell(name)) })
    return true
  }

  /** Reports the counts that are not reported yet. */
  [Symbol.dispose] (): void {
    for (const name of [...this.#counted.keys()]) this.#tell(name)
  }

  #tell (name: string): void {
    const counted = this.#counted.get(name)
    if (counted === undefined) return
    this.#counted.delete(name)
    counted.timer[Symbol.dispose]()
    const { from, code, count } = counted
    if (count > 0) this.#options.onSum({ from, code, count })
  }
}
