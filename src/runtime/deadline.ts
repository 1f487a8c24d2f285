/**
 * Bounds for asynchronous work, on the injected clock.
 *
 * Guarantees: the returned promise settles no later than the deadline or the caller's abort, even if the work ignores its
 * signal; no timer and no listener outlives it. Does not guarantee: that the work itself has stopped. Work that must have
 * stopped (a process, a lock) waits for that itself and is the one to settle.
 */
import type { Clock } from './clock.ts'

/** The work was not done within its bound. Code `deadline`; `milliseconds` is the bound. */
export class DeadlineError extends Error {
  readonly code = 'deadline'
  readonly milliseconds: number

  constructor (milliseconds: number) {
    super(`not done within ${milliseconds / 1000} s`)
    this.name = 'DeadlineError'
    this.milliseconds = milliseconds
  }
}

/** A signal that follows others and can be aborted by itself. Disposing it releases the others; it then aborts no more by itself. */
export interface LinkedAbort extends Disposable {
  readonly signal: AbortSignal
  abort (reason: unknown): void
}

/** One signal that aborts as soon as any of `signals` does, with the same reason; undefined entries are passed over. */
export function linkSignals (...signals: ReadonlyArray<AbortSignal | undefined>): LinkedAbort {
  const controller = new AbortController()
  const releases: Array<() => void> = []
  for (const source of signals) {
    if (source === undefined) continue
    if (source.aborted) {
      controller.abort(source.reason)
      break
    }
    const follow = () => controller.abort(source.reason)
    source.addEventListener('abort', follow, { once: true })
    releases.push(() => source.removeEventListener('abort', follow))
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => { for (const release of releases.splice(0)) release() },
  }
}

/**
 * Runs `work` with a signal that aborts after `milliseconds` or with `signal`, whichever comes first.
 *
 * Rejects with a `DeadlineError` at the deadline, with `signal.reason` on the caller's abort (then `work` is not begun at
 * all if the signal was aborted already), else settles as `work` does. What `work` answers after that is dropped: the
 * caller has been told the outcome.
 */
export async function withDeadline<T> (
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T> | T,
): Promise<T> {
  signal?.throwIfAborted()
  const linked = linkSignals(signal)
  const timer = clock.after(milliseconds, () => linked.abort(new DeadlineError(milliseconds)))
  let cut: (() => void) | undefined
  const ended = new Promise<never>((_resolve, reject) => {
    cut = () => reject(linked.signal.reason)
    linked.signal.addEventListener('abort', cut, { once: true })
  })
  try {
    return await Promise.race([ended, work(linked.signal)])
  } finally {
    if (cut !== undefined) linked.signal.removeEventListener('abort', cut)
    timer[Symbol.dispose]()
    linked[Symbol.dispose]()
  }
}

/** Resolves when `milliseconds` have passed, or at once when `signal` aborts; `signal.aborted` tells which. */
export async function pause (clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const done = () => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(milliseconds, done)
    signal.addEventListener('abort', done, { once: true })
  })
}
