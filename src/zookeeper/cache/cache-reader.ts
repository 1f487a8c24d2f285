/**
 * The work list of a watched tree on one session: which paths must be read again, and the readings in progress.
 *
 * Guarantees: one path is read by one reading at a time; a path marked while it is being read is read once more after it;
 * never more than `concurrency` readings at once; a failed reading is repeated while there is contact, and reported.
 * Out of contact it stays on the list, until `stop()`.
 * Invariant: `oldest` is the earliest moment since which something that is marked may be out of date, or null. What is found to be read
 * by a reading is out of date since when that reading was wanted, not since it was found.
 */
import type { Clock } from '../../runtime/clock.ts'
import { isLinkFailure } from '../client/errors.ts'
import { Moments } from './moments.ts'
import type { Session } from '../session/session.ts'

export const DATA = 1
export const CHILDREN = 2
export const BOTH = 3

export interface CacheReaderOptions {
  readonly session: Session
  readonly clock: Clock
  readonly concurrency: number
  /** Reads the given parts (`DATA`, `CHILDREN`, `BOTH`) of `path`. */
  readonly read: (path: string, parts: number) => Promise<void>
  readonly onIdle: () => void
  /** A path has been read. It is up to date, unless it was marked meanwhile. */
  readonly onRead: (path: string) => void
  readonly onError: (error: unknown, path: string) => void
  /** A path whose reading had failed has been read. */
  readonly onRecovered: (path: string) => void
}

interface Job {
  /** What must be read, once the reading in progress is through. */
  parts: number
  busy: boolean
  failures: number
  /** Since when it may be out of date: for the reading in progress or to come, and for the one after that. */
  since: number
  again: number | null
}

export class CacheReader {
  readonly #options: CacheReaderOptions
  readonly #jobs = new Map<string, Job>()
  readonly #moments = new Moments()
  #queue: string[] = []
  #next = 0
  #active = 0
  #stopped = false

  constructor (options: CacheReaderOptions) {
    this.#options = options
  }

  get oldest (): number | null {
    return this.#moments.oldest
  }

  get idle (): boolean { return this.#jobs.size === 0 }

  /** Whether `path` is to be read, or is being read. */
  isMarked (path: string): boolean { return this.#jobs.has(path) }

  /** `path` must be read again: what we have may be out of date since now, or since the reading of `foundBy` was wanted. */
  mark (path: string, parts: number, foundBy?: string): void {
    if (this.#stopped) return
    const since = (foundBy === undefined ? undefined : this.#jobs.get(foundBy)?.since) ?? this.#options.clock.monotonic()
    const job = this.#jobs.get(path)
    if (job === undefined) {
      this.#jobs.set(path, { parts, busy: false, failures: 0, since, again: null })
      this.#moments.add(since)
    } else {
      job.parts |= parts
      this.#markAgain(job, since)
    }
    if (job === undefined || (job.parts === parts && !job.busy)) this.#queue.push(path)
    this.#pump()
  }

  /** A reading in progress may have been answered before `since`; one that is to come will not. */
  #markAgain (job: Job, since: number): void {
    if (job.busy && job.again !== null && job.again <= since) return
    this.#moments.add(since)
    if (!job.busy) return this.#oneReadingFor(job, since)
    if (job.again !== null) this.#moments.remove(job.again)
    job.again = since
  }

  /** What was wanted since `since` as well is left to the reading that is to come. */
  #oneReadingFor (job: Job, since: number): void {
    this.#moments.remove(Math.max(job.since, since))
    job.since = Math.min(job.since, since)
  }

  /** Nothing is begun any more; what comes of the readings in progress must be ignored by `read` itself. */
  stop (): void {
    this.#stopped = true
    this.#moments.clear()
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
      if (job.failures > 0) this.#options.onRecovered(path)
      job.failures = 0
    } catch (error) {
      job.parts |= parts
      job.failures += 1
      const { again } = job
      job.again = null
      if (again !== null) this.#oneReadingFor(job, again)
      if (!this.#stopped) this.#failed(path, job, error)
      return
    } finally {
      job.busy = false
      this.#active -= 1
      // The last act of a reading, so that a throwing `onIdle` cannot stop the others.
      this.#pump()
    }
    if (this.#stopped) return
    this.#moments.remove(job.since)
    if (job.again === null) {
      this.#jobs.delete(path)
    } else {
      job.since = job.again
      job.again = null
      this.#queue.push(path)
      this.#pump()
    }
    this.#options.onRead(path)
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
