/**
 * Simulated time for scenarios: one queue of events, ordered by time and then by the order in which they were asked for, and what has happened, line by
 * line. Deterministic.
 */
export class Timeline {
  readonly lines: string[] = []
  #queue: Array<{ at: number, order: number, run: () => void }> = []
  #order = 0
  #now = 0

  /** Milliseconds since the beginning. */
  get now (): number { return this.#now }

  after (ms: number, run: () => void): void {
    const entry = { at: this.#now + ms, order: this.#order++, run }
    const index = this.#queue.findIndex(({ at, order }) => at > entry.at || (at === entry.at && order > entry.order))
    this.#queue.splice(index === -1 ? this.#queue.length : index, 0, entry)
  }

  /** Lets everything happen that is due; `check` is called after each event. */
  advance (seconds: number, check: () => void): void {
    const until = this.#now + Math.round(seconds * 1000)
    for (let steps = 0; ; steps++) {
      const next = this.#queue[0]
      if (next === undefined || next.at > until) break
      if (steps > 100_000) throw new Error('this never comes to rest')
      this.#queue.shift()
      this.#now = next.at
      next.run()
      check()
    }
    this.#now = until
  }

  wall (): string {
    return new Date(Date.UTC(2026, 0, 1) + this.#now).toISOString()
  }

  say (who: string, what: string): void {
    this.lines.push(`${(this.#now / 1000).toFixed(3).padStart(8)} ${who.padEnd(6)} ${what}`)
  }
}
