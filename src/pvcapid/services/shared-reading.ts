/**
 * One reading for all who ask meanwhile, and never older than the question: whoever asks while one is being made gets the next, together with all
 * others that have asked by then. However many ask, one is made at a time.
 */
import { turnToResume } from '../http/turns.ts'

export class SharedReading<T> {
  readonly #read: () => Promise<T>
  #running: Promise<T> | null = null
  #next: Promise<T> | null = null

  constructor (read: () => Promise<T>) {
    this.#read = read
  }

  /** Whether one is being made, for which the next has to wait. */
  get isBusy (): boolean { return this.#running !== null }

  /** What is read by a reading that is begun after this call. */
  async get (): Promise<T> {
    if (this.#running === null) return await this.#begin()
    this.#next ??= this.#afterRunning(this.#running)
    try {
      return await this.#next
    } finally {
      await turnToResume()
    }
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
