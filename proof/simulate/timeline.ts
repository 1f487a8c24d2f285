/**
 * Simulated time: what is due is done in the order of its time, and of its making where times are equal. Between two actions every promise
 * that can continue has continued, so that a run depends on nothing but its seed.
 */
import type { Timer } from '../../src/runtime/clock.ts'

/** When a run begins, by every wall clock that is right: a moment like any other. */
export const EPOCH = Date.UTC(2026, 0, 1)

interface Entry {
  readonly at: number
  readonly order: number
  action: (() => void) | null
}

const before = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order)
/** Once nothing is left of what promises can do: a turn of the event loop would do as well, and cost more than most steps. */
const settled = () => new Promise<void>((resolve) => { process.nextTick(resolve) })

export class Timeline {
  readonly #heap: Entry[] = []
  #order = 0
  #now = 0
  #steps = 0
  #woken = false

  /** Milliseconds since the run began. */
  get now (): number { return this.#now }
  /** Actions done so far. */
  get steps (): number { return this.#steps }

  after (delay: number, action: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, delay), order: this.#order++, action }
    this.#push(entry)
    return { [Symbol.dispose]: () => { entry.action = null } }
  }

  /** Code with promises of its own has been called: they are waited for before anything else is done. */
  woke (): void { this.#woken = true }

  /** Does what is due until `until` milliseconds have passed, `over` says so, or nothing is left to do. */
  async run (until: number, over: () => boolean = () => false): Promise<void> {
    if (this.#woken) await this.#settle()
    while (!over()) {
      const next = this.#heap[0]
      if (next === undefined || next.at > until) break
      this.#pop()
      if (next.action === null) continue
      this.#now = next.at
      this.#steps++
      next.action()
      if (this.#woken) await this.#settle()
    }
    if (this.#now < until && !over()) this.#now = until
  }

  async #settle (): Promise<void> {
    this.#woken = false
    await settled()
  }

  #push (entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    for (;;) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (at === 0 || above === undefined || before(above, entry)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop (): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const right = left + 1
      const l = heap[left]
      const r = heap[right]
      const [child, which] = r !== undefined && l !== undefined && before(r, l) ? [r, right] : [l, left]
      if (child === undefined || before(last, child)) break
      heap[at] = child
      at = which
    }
    heap[at] = last
  }
}
