/**
 * Writes a text somewhere whenever it changes: one write at a time, the newest text each time, and a write that failed is retried. Nothing waits
 * for it.
 */
import type { Clock, Timer } from './clock.ts'

export interface LatestWriterOptions {
  readonly clock: Clock
  /** Writes the text; false if it could not be written. Must not reject. */
  readonly write: (text: string) => Promise<boolean>
}

/** Milliseconds after a write that failed. */
const RETRY = 1_000

export class LatestWriter implements Disposable {
  readonly #options: LatestWriterOptions
  /** What is still to be written. */
  #next: string | null = null
  #latest: string | null = null
  #writing = false
  #retry: Timer | null = null
  #disposed = false

  constructor (options: LatestWriterOptions) {
    this.#options = options
  }

  /** Writes `text`, unless it was the last one given. */
  put (text: string): void {
    if (text === this.#latest) return
    this.#latest = text
    this.#next = text
    void this.#write()
  }

  /** `text` is there already. */
  assume (text: string): void {
    this.#latest = text
  }

  /** No write is begun any more. */
  [Symbol.dispose] (): void {
    this.#disposed = true
    this.#retry?.[Symbol.dispose]()
  }

  async #write (): Promise<void> {
    if (this.#writing || this.#retry !== null) return
    this.#writing = true
    while (this.#next !== null && !this.#disposed) {
      const text = this.#next
      this.#next = null
      if (await this.#options.write(text)) continue
      this.#next ??= text
      if (!this.#disposed) {
        this.#retry = this.#options.clock.after(RETRY, () => {
          this.#retry = null
          void this.#write()
        })
      }
      break
    }
    this.#writing = false
  }
}
