/**
 * Keeps a text that this daemon continues, such as the end of its log, in a znode, for one session: one write at a time, at most one in a second. A write that
 * fails is made again with the next change; nothing is logged of it, for that would be the next line.
 *
 * Guarantees, of a session that has registered the node: what an earlier run has left there is read before anything is written, and stays before what this run
 * has to say. The sessions of earlier runs have ended by then, so none of their writes comes later. Each write expects the version that was read or written here
 * last: another program's, or a late one of this daemon's own, is seen and then written over.
 */
import type { Clock, Timer } from '../../runtime/clock.ts'
import { hasCode, isNoNode, isZooKeeperError } from '../../zookeeper/client/errors.ts'
import { parentPath } from '../../zookeeper/client/paths.ts'
import type { Session } from '../../zookeeper/session/session.ts'

/** Milliseconds between two writes. */
const PAUSE = 1_000
/** Characters that are read at most: all that a znode can hold. */
const LONGEST = 1_048_576

/** A text that grows at its end. */
export interface ContinuedText {
  readonly text: string
  /** Called after each change. */
  onLine: () => void
  /** Puts what is kept of earlier runs before it; once, whatever is given later. */
  continueFrom (before: string): void
}

export class LogPublisher {
  readonly #session: Session
  readonly #path: string
  readonly #tail: ContinuedText
  readonly #clock: Clock
  #timer: Timer | null = null
  #writing: Promise<void> = Promise.resolve()
  #stopped = false
  /** As it was written last, as far as is known. */
  #written = ''
  /** null: it has to be found out, or there is no znode. */
  #version: number | null = null

  constructor (session: Session, path: string, tail: ContinuedText, clock: Clock) {
    this.#session = session
    this.#path = path
    this.#tail = tail
    this.#clock = clock
    tail.onLine = () => this.#later()
    this.#later()
  }

  /** Writes what is not written yet, in one try and only in contact; then nothing more. */
  async finish (): Promise<void> {
    await this.stop()
    if (this.#session.state !== 'connected' || this.#tail.text === this.#written) return
    await this.#write(true)
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
      this.#writing = this.#write()
    })
  }

  async #write (isLast = false): Promise<void> {
    let written = this.#tail.text
    let isOvertaken = false
    try {
      this.#version ??= await this.#found()
      written = this.#tail.text
      if (written !== '' && (isLast || !this.#stopped)) {
        await this.#put(written)
        this.#written = written
      }
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      // It may have been applied all the same.
      this.#version = null
      isOvertaken = hasCode(error, 'bad_version', 'node_exists', 'no_node')
    }
    this.#timer = null
    if (isOvertaken || written !== this.#tail.text) this.#later()
  }

  async #found (): Promise<number | null> {
    try {
      const { data, stat } = await this.#session.get(this.#path, { maxLength: LONGEST })
      this.#tail.continueFrom(data)
      return stat.version
    } catch (error) {
      if (!isNoNode(error)) throw error
      this.#tail.continueFrom('')
      return null
    }
  }

  async #put (text: string): Promise<void> {
    if (this.#version === null) {
      await this.#session.ensurePath(parentPath(this.#path))
      await this.#session.create(this.#path, text)
      this.#version = 0
    } else {
      this.#version = (await this.#session.set(this.#path, text, this.#version)).version
    }
  }
}
