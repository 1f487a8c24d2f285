/**
 * Events and results of the native client, handed on outside of its callbacks: in order, each with its microtasks before the next. After a large result the
 * others wait for the next turn of the event loop. Several values of a megabyte that come together would otherwise keep the process from all other work until all of them are decoded.
 */
interface Waiting {
  readonly action: () => void
  next: Waiting | null
}

export class Deliveries {
  #first: Waiting | null = null
  #last: Waiting | null = null
  #isTurnLeft = false

  /** Hands `action` on in a turn after this one. */
  add (action: () => void): void {
    const waiting: Waiting = { action, next: null }
    if (this.#last === null) this.#first = waiting
    else this.#last.next = waiting
    this.#last = waiting
    setImmediate(this.#deliver)
  }

  /** Leaves the rest of this turn to others: called by an action that was large. */
  leaveTurn (): void {
    if (this.#isTurnLeft) return
    this.#isTurnLeft = true
    // Before any that is put off from now on, and so first in the next turn.
    setImmediate(() => { this.#isTurnLeft = false })
  }

  readonly #deliver = (): void => {
    if (this.#isTurnLeft) {
      setImmediate(this.#deliver)
      return
    }
    const waiting = this.#first
    if (waiting === null) return
    this.#first = waiting.next
    if (waiting.next === null) this.#last = null
    waiting.action()
  }
}
