/**
 * One client's stream of server-sent events, written straight to its connection. A reader that is slower than what happens gets `resync` and the
 * present state once it reads again, never a backlog: what is held for it is bounded by the buffer and one state. One that does not read at all
 * is dropped.
 */
import type { Clock, Timer } from '../runtime/clock.ts'

/** Bytes that are held for a slow reader before it is behind. */
const BUFFER = 65_536
/** Milliseconds between two comments that keep the connection alive. */
const HEARTBEAT = 15_000
/** Milliseconds that a reader may be behind before it is dropped. */
const PATIENCE = 30_000

/** Where a stream is written to: a reply whose head has been sent. */
export interface EventSink {
  /** Bytes that the reader has not taken yet. */
  readonly writableLength: number
  /** It is over, and `close` has been told of. */
  readonly closed: boolean
  /** False if `drain` will tell when there is room again. */
  write (text: string | Buffer): boolean
  end (): unknown
  destroy (): unknown
  on (event: 'drain' | 'close', listener: () => void): unknown
}

export interface EventStreamOptions {
  readonly clock: Clock
  /** `resync` and everything that there is now. */
  readonly state: () => string | Buffer
  /** The stream has ended, whoever ended it. Called once. */
  readonly onEnd: () => void
}

export class EventStream {
  readonly #sink: EventSink
  readonly #options: EventStreamOptions
  #behind = false
  #hasRoom = true
  #ended = false
  #heartbeat: Timer
  #patience: Timer | null = null

  constructor (sink: EventSink, options: EventStreamOptions) {
    this.#sink = sink
    this.#options = options
    this.#heartbeat = this.#beat()
    sink.on('drain', () => this.#onDrain())
    sink.on('close', () => this.#stop())
    if (sink.closed) this.#stop()
  }

  get ended (): boolean { return this.#ended }

  /** Sends `text`, unless the reader is behind. */
  send (text: string | Buffer): void {
    if (this.#ended) return
    if (!this.#hasRoom) this.#fallBehind()
    else this.#hasRoom = this.#sink.write(text) || this.#sink.writableLength < BUFFER
  }

  /** Says `text` as the last thing, to a reader that keeps up, and ends. */
  finish (text: string): void {
    if (this.#ended) return
    this.send(text)
    this.#stop()
    this.#sink.end()
  }

  #onDrain (): void {
    this.#hasRoom = true
    if (!this.#behind || this.#ended) return
    this.#behind = false
    this.#patience?.[Symbol.dispose]()
    this.send(this.#options.state())
  }

  #fallBehind (): void {
    if (this.#behind) return
    this.#behind = true
    this.#patience = this.#options.clock.after(PATIENCE, () => this.#sink.destroy())
  }

  #beat (): Timer {
    return this.#options.clock.after(HEARTBEAT, () => {
      if (this.#hasRoom) this.send(':\n\n')
      this.#heartbeat = this.#beat()
    })
  }

  #stop (): void {
    if (this.#ended) return
    this.#ended = true
    this.#heartbeat[Symbol.dispose]()
    this.#patience?.[Symbol.dispose]()
    this.#options.onEnd()
  }
}
