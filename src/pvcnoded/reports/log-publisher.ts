/**
 * Keeps the end of this daemon's log in `/logs/<node>/messages`, for one session: one write at a time, at most one in a second. A write that fails is
 * made again with the next line; nothing is logged of it, for that would be the next line.
 */
import { put } from '../../cluster/put.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { LogTail } from '../../runtime/log/log-tail.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import { logPath } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'

/** Milliseconds between two writes. */
const PAUSE = 1_000

export class LogPublisher {
  readonly #session: Session
  readonly #path: string
  readonly #tail: LogTail
  readonly #clock: Clock
  #timer: Timer | null = null
  #writing: Promise<void> = Promise.resolve()
  #stopped = false

  constructor (session: Session, node: string, tail: LogTail, clock: Clock) {
    this.#session = session
    this.#path = logPath(node)
    this.#tail = tail
    this.#clock = clock
    tail.onLine = () => this.#later()
    this.#later()
  }

  /** Writes nothing more; resolves once a write in progress has come to its end. */
  async stop (): Promise<void> {
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
    await this.#writing
  }

  #later (): void {
    if (this.#stopped || this.#timer !== null) return
    this.#timer = this.#clock.after(PAUSE, () => {
      this.#writing = this.#write(this.#tail.text)
    })
  }

  async #write (text: string): Promise<void> {
    try {
      await put(this.#session, this.#path, text)
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
    }
    this.#timer = null
    if (text !== this.#tail.text) this.#later()
  }
}
