/**
 * How much is done in one turn of the event loop, so that everybody else is heard between: the time for requests that are begun, and the slices
 * of long replies that are written. One for the process, as the event loop is one.
 *
 * The system's queue of new connections gives one in each turn. So turns are short while they come: else whoever connects behind a crowd would wait for
 * as many long turns as there are others before it.
 */

/** Milliseconds of a turn in which requests are begun, and those of a turn in which a connection has come. */
const TIME = 10
const SHORT_TIME = 1
/** Slices of 64 KiB, likewise. */
const SLICES = 64
const FEW_SLICES = 4

const slices: Array<() => void> = []
let isDue = false
/** Turns, this one included, for which connections are taken to keep coming. */
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

/** Has `write` called in a later turn, after those that wait already. */
export function writeLater (write: () => void): void {
  slices.push(write)
  if (isDue) return
  isDue = true
  setImmediate(writeSome)
}

function writeSome (): void {
  const due = slices.splice(0, coming > 0 ? FEW_SLICES : SLICES)
  isDue = slices.length > 0
  if (isDue) setImmediate(writeSome)
  for (const write of due) write()
}
