/**
 * How much is done in one turn of the event loop, so that all other clients are served between: the time for requests that are begun, and the slices
 * of long replies that are written. One for the process, as the event loop is one.
 *
 * The system's queue of new connections gives one in each turn. So turns are short while they come: else a client that connects behind a crowd would wait for
 * as many long turns as there are others before it.
 */

/** Milliseconds of a turn in which requests are begun. */
const TIME = 10
/** The same while connections keep coming. */
const SHORT_TIME = 1
/** Milliseconds after which a turn without a new connection reads no further connection. */
const LONG_TIME = 40
/** Slices of 64 KiB that are written in a turn. */
const SLICES = 64
/** The same while connections keep coming. */
const FEW_SLICES = 1

/** Turns left, this one included, in which connections count as coming still. */
let coming = 0

/** A connection has come. */
export function connectionCame (): void {
  if (coming === 0) setImmediate(countDown)
  coming = 2
}

function countDown (): void {
  coming -= 1
  if (coming > 0) setImmediate(countDown)
}

/** Milliseconds for which requests may be begun in this turn. */
export const turnTime = (): number => coming > 0 ? SHORT_TIME : TIME

/** Milliseconds after which this turn reads no further connection. */
export const longTurn = (): number => coming > 0 ? SHORT_TIME : LONG_TIME

/** Whether connections keep coming. */
export const isCrowded = (): boolean => coming > 0

/** Actions of which each turn of the event loop runs a few, in their order. */
class Queue {
  readonly #perTurn: () => number
  readonly #waiting: Array<() => void> = []

  constructor (perTurn: () => number) {
    this.#perTurn = perTurn
  }

  get isEmpty (): boolean { return this.#waiting.length === 0 }

  add (action: () => void): void {
    if (this.#waiting.push(action) === 1) setImmediate(this.#runSome)
  }

  readonly #runSome = (): void => {
    const due = this.#waiting.splice(0, this.#perTurn())
    if (!this.isEmpty) setImmediate(this.#runSome)
    for (const run of due) run()
  }
}

const slices = new Queue(() => coming > 0 ? FEW_SLICES : SLICES)

/** Has `write` called in a later turn, after those that wait already. */
export function writeLater (write: () => void): void {
  slices.add(write)
}

/** Requests resumed in one turn, of those that waited for the same. */
const RESUMED = 256
const resuming = new Queue(() => RESUMED)
let resumed = 0

/**
 * For a request that waited, perhaps with twenty thousand others, for something that has come now. Returns null if this turn may resume it, else a promise
 * that resolves in the turn that does.
 */
export function turnToResume (): Promise<void> | null {
  if (!resuming.isEmpty || resumed >= RESUMED) return new Promise((resolve) => { resuming.add(() => { countResumed(); resolve() }) })
  countResumed()
  return null
}

function countResumed (): void {
  if (resumed === 0) setImmediate(() => { resumed = 0 })
  resumed += 1
}
