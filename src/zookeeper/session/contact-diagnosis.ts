/**
 * Asks why there is no contact with ZooKeeper for as long as there is none: soon after it is missing, then at intervals.
 *
 * Guarantees: one question at a time; an answer that comes once there is contact again, or after the end, is dropped. The first answer is reported
 * only if no server grants sessions: a client that needs a moment longer to connect to one that does is no fault.
 */
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Diagnosis } from '../client/diagnosis.ts'

export interface ContactDiagnosisOptions {
  readonly clock: Clock
  readonly diagnose: () => Promise<Diagnosis>
  readonly report: (diagnosis: Diagnosis) => void
}

/** Milliseconds without contact before the first question: connecting takes a tenth of that where all is well. */
const FIRST = 500
/** Milliseconds between an answer and the next question. */
const INTERVAL = 10_000

export class ContactDiagnosis {
  readonly #options: ContactDiagnosisOptions
  #timer: Timer | null = null
  /** Of the time without contact that is now; null while there is contact. */
  #episode: object | null = null

  constructor (options: ContactDiagnosisOptions) {
    this.#options = options
  }

  /** There is no contact from now on. Idempotent. */
  missing (): void {
    if (this.#episode !== null) return
    const episode = {}
    this.#episode = episode
    this.#askAfter(FIRST, episode, true)
  }

  /** There is contact, or none is wanted any more. Idempotent. */
  over (): void {
    this.#episode = null
    this.#timer?.[Symbol.dispose]()
  }

  #askAfter (delay: number, episode: object, isFirst: boolean): void {
    const { clock, diagnose, report } = this.#options
    this.#timer = clock.after(delay, () => {
      void diagnose().then((diagnosis) => {
        if (this.#episode !== episode) return
        if (!isFirst || !diagnosis.someServe) report(diagnosis)
        this.#askAfter(INTERVAL, episode, false)
      })
    })
  }
}
