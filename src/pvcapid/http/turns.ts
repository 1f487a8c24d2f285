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
/** Milliseconds of a turn in which no connection has come, from which on nobody else is read in it. */
const LONG_TIME = 40
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

/** Milliseconds after which the turn has lasted too long for anybody else to be read in it. */
export const longTurn = (): number => coming > 0 ? SHORT_TIME : LONG_TIME

/** Whether connections keep coming. */
export const isCrowded = (): boolean => coming > 0

/** Requests that one turn resumes which have waited for the same. */
const RESUMED = 256
let resumed = 0
const waiting: Array<() => void> = []

/**
 * For a request that has waited, with others, for what has come now: the others may be twenty thousand. Resolves with all that a turn resumes, or in a
 * later one; null if there is room in this one.
 */
export function turnToResume (): Promise<void> | null {
  if (resumed === 0 && waiting.length === 0) setImmediate(resumeSome)
  if (waiting.length === 0 && resumed < RESUMED) {
    resumed += 1
    return null
  }
  return new Promise((resolve) => { waiting.push(resolve) })
}

function resumeSome (): void {
  resumed = 0
  if (waiting.length === 0) return
  setImmediate(resumeSome)
  const due = waiting.splice(0, RESUMED)
  resumed = due.length
  for (const resume of due) resume()
}

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
