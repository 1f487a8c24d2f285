/**
 * One client's stream of server-sent events. A reader that is slower than what happens gets `resync` and the present state once it reads
 * again, never a backlog: what is held for it is bounded by the buffer and one state. One that does not read at all is dropped.
 */
import { Readable } from 'node:stream'
import type { Clock, Timer } from '../runtime/clock.ts'

/** Bytes that are held for a slow reader before it is behind. */
const BUFFER = 65_536
/** Milliseconds between two comments that keep the connection alive. */
const HEARTBEAT = 15_000
/** Milliseconds that a reader may be behind before it is dropped. */
const PATIENCE = 30_000

export interface EventStreamOptions {
  readonly clock: Clock
  /** The text of `resync` and of everything that there is now. */
  readonly state: () => string
}

export class EventStream extends Readable {
  readonly #options: EventStreamOptions
  #behind = false
  #hasRoom = true
  #heartbeat: Timer
  #patience: Timer | null = null

  constructor (options: EventStreamOptions) {
    super({ highWaterMark: BUFFER })
    this.#options = options
    this.#heartbeat = this.#beat()
  }

  /** Sends `text`, unless the reader is behind. */
  send (text: string): void {
    if (this.destroyed || this.readableEnded) return
    if (!this.#hasRoom) this.#fallBehind()
    else this.#hasRoom = this.push(text)
  }

  /** Says `text` as the last thing, to a reader that keeps up, and ends. */
  finish (text: string): void {
    if (this.destroyed || this.readableEnded) return
    this.send(text)
    this.#stop()
    this.push(null)
  }

  override _read (): void {
    this.#hasRoom = true
    if (!this.#behind) return
    this.#behind = false
    this.#patience?.[Symbol.dispose]()
    this.send(this.#options.state())
  }

  override _destroy (error: Error | null, done: (error?: Error | null) => void): void {
    this.#stop()
    done(error)
  }

  #fallBehind (): void {
    if (this.#behind) return
    this.#behind = true
    this.#patience = this.#options.clock.after(PATIENCE, () => this.destroy())
  }

  #beat (): Timer {
    return this.#options.clock.after(HEARTBEAT, () => {
      if (this.#hasRoom) this.send(':\n\n')
      this.#heartbeat = this.#beat()
    })
  }

  #stop (): void {
    this.#heartbeat[Symbol.dispose]()
    this.#patience?.[Symbol.dispose]()
  }
}
