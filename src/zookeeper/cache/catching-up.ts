/** Requests that wait until a cache contains everything up to some moment. Each looks again after every reading and every publication. */
import { ZooKeeperError } from '../client/errors.ts'

export class CatchingUp {
  readonly #looks = new Set<() => void>()

  /** Every waiter checks again. */
  readonly look = (): void => {
    for (const look of [...this.#looks]) look()
  }

  /** Resolves once `isThrough()`; rejects with `aborted` when `signal` aborts. */
  async until (isThrough: () => boolean, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        this.#looks.delete(look)
        signal.removeEventListener('abort', give)
      }
      const look = (): void => {
        if (!isThrough()) return
        settle()
        resolve()
      }
      const give = (): void => {
        settle()
        reject(new ZooKeeperError('aborted', { op: 'sync' }))
      }
      this.#looks.add(look)
      signal.addEventListener('abort', give, { once: true })
      if (signal.aborted) give()
      else look()
    })
  }
}
