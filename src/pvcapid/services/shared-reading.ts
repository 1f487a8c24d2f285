/**
 * One reading for all requests that come meanwhile, and never older than the request: one that comes during a reading gets the next, together with all
 * others that have asked by then. However many ask, one is made at a time: a reading that outlasts those who wait for it is still the one, and the
 * next begins at its end. A wait ends with its client, so that clients that come, ask and go leave nothing behind.
 */
import type { Clock } from '../../runtime/clock.ts'
import { DeadlineError } from '../../runtime/deadline.ts'
import { ClientGone } from '../errors/errors.ts'
import { turnToResume } from '../http/turns.ts'

/** For whom a reading is waited for. */
export interface Leaver {
  /** Calls `listener` when the connection is closed, at once if it is already. Forgets it when disposed of. */
  onceGone (listener: () => void): Disposable
}

export class SharedReading<T> {
  readonly #read: () => Promise<T>
  readonly #clock: Clock
  #running: Promise<T> | null = null
  #next: Promise<T> | null = null

  /** @param read has to settle at some time, whatever happens */
  constructor (clock: Clock, read: () => Promise<T>) {
    this.#clock = clock
    this.#read = read
  }

  /** Whether one is being made, for which the next has to wait. */
  get isBusy (): boolean { return this.#running !== null }

  /**
   * What is read by a reading that is begun after this call. Rejects as that does, with a `DeadlineError` after `milliseconds`, and with `ClientGone`
   * as soon as the client is gone.
   */
  async get (milliseconds: number, client?: Leaver): Promise<T> {
    let isGone = false
    const waits = this.isBusy
    try {
      return await new Promise<T>((resolve, reject) => {
        const held: Disposable[] = []
        const release = (): void => { for (const each of held.splice(0)) each[Symbol.dispose]() }
        held.push(this.#clock.after(milliseconds, () => {
          release()
          reject(new DeadlineError(milliseconds))
        }))
        if (client !== undefined) {
          held.push(client.onceGone(() => {
            isGone = true
            release()
            reject(new ClientGone())
          }))
        }
        if (isGone) release()
        else this.#reading().finally(release).then(resolve, reject)
      })
    } finally {
      // Thousands of requests may have waited for the same reading.
      if (waits && !isGone) await turnToResume()
    }
  }

  #reading (): Promise<T> {
    if (this.#running === null) return this.#begin()
    this.#next ??= this.#afterRunning(this.#running)
    return this.#next
  }

  async #afterRunning (running: Promise<T>): Promise<T> {
    await running.catch(() => { /* Told to those who waited for that one. */ })
    this.#next = null
    return await this.#begin()
  }

  async #begin (): Promise<T> {
    const running = this.#read()
    this.#running = running
    try {
      return await running
    } finally {
      if (this.#running === running) this.#running = null
    }
  }
}
