/**
 * The work list of a watched tree on one session: which paths must be read again, and the readings under way.
 *
 * Guarantees: one path is read by one reading at a time; a path marked while it is being read is read once more after it;
 * never more than `concurrency` readings at once; a failed reading is repeated while there is contact, and reported.
 * Out of contact it stays on the list, until `stop()`.
 * Invariant: `oldest` is the earliest moment for which something marked has not been read yet, or null.
 */
import type { Clock } from '../runtime/clock.ts'
import { isLinkFailure } from './errors.ts'
import type { Session } from './session.ts'

export const DATA = 1
export const CHILDREN = 2
export const BOTH = 3

export interface TreeReaderOptions {
  readonly session: Session
  readonly clock: Clock
  readonly concurrency: number
  /** Reads the given parts (`DATA`, `CHILDREN`, `BOTH`) of `path`. */
  readonly read: (path: string, parts: number) => Promise<void>
  readonly onIdle: () => void
  /** A path is up to date again. */
  readonly onRead: () => void
  readonly onError: (error: unknown, path: string) => void
}

interface Job {
  /** What must be read, once the reading under way is through. */
  parts: number
  busy: boolean
  failures: number
}

export class TreeReader {
  readonly #options: TreeReaderOptions
  readonly #jobs = new Map<string, Job>()
  /** Path → since when it is marked; a Map keeps the order of insertion, so the first is the oldest. */
  readonly #since = new Map<string, number>()
  #queue: string[] = []
  #next = 0
  #active = 0
  #stopped = false

  constructor (options: TreeReaderOptions) {
    this.#options = options
  }

  get oldest (): number | null {
    return this.#since.values().next().value ?? null
  }

  get idle (): boolean { return this.#since.size === 0 }

  /** `path` must be read again: what we have may be out of date since `since`. */
  mark (path: string, parts: number, since: number): void {
    if (this.#stopped) return
    if (!this.#since.has(path)) this.#since.set(path, since)
    const job = this.#jobs.get(path)
    if (job === undefined) this.#jobs.set(path, { parts, busy: false, failures: 0 })
    else job.parts |= parts
    if (job === undefined || (job.parts === parts && !job.busy)) this.#queue.push(path)
    this.#pump()
  }

  /** Nothing is begun any more; what comes of the readings under way must be ignored by `read` itself. */
  stop (): void {
    this.#stopped = true
    this.#since.clear()
    this.#jobs.clear()
    this.#queue = []
  }

  #pump (): void {
    while (!this.#stopped && this.#active < this.#options.concurrency && this.#next < this.#queue.length) {
      const path = this.#queue[this.#next++] as string
      if (this.#next > 1_024 && this.#next * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#next)
        this.#next = 0
      }
      const job = this.#jobs.get(path)
      if (job !== undefined && !job.busy && job.parts !== 0) void this.#run(path, job)
    }
  }

  async #run (path: string, job: Job): Promise<void> {
    const parts = job.parts
    job.parts = 0
    job.busy = true
    this.#active += 1
    try {
      await this.#options.read(path, parts)
      job.failures = 0
    } catch (error) {
      job.parts |= parts
      job.failures += 1
      if (!this.#stopped) this.#failed(path, job, error)
      return
    } finally {
      job.busy = false
      this.#active -= 1
      // The last act of a reading, so that a throwing `onIdle` cannot stop the others.
      this.#pump()
    }
    if (this.#stopped) return
    const since = this.#since.get(path)
    this.#since.delete(path)
    if (job.parts === 0) {
      this.#jobs.delete(path)
    } else {
      // Marked again meanwhile: at the latest when this reading was begun was it up to date.
      this.#since.set(path, Math.max(since ?? 0, this.#options.clock.monotonic()))
      this.#queue.push(path)
      this.#pump()
    }
    this.#options.onRead()
    if (this.idle) this.#options.onIdle()
  }

  #failed (path: string, job: Job, error: unknown): void {
    const { session, clock, onError } = this.#options
    // Without contact the whole tree is read again once there is contact: a new reader takes over.
    if (session.state !== 'connected') return
    if (!isLinkFailure(error) || job.failures > 1) onError(error, path)
    clock.after(Math.min(5_000, 100 * 2 ** Math.min(job.failures - 1, 6)), () => {
      if (this.#stopped || job.busy || this.#jobs.get(path) !== job) return
      this.#queue.push(path)
      this.#pump()
    })
  }
}
