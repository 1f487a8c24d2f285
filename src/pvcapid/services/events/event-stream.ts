/**
 * One client's stream of server-sent events, written straight to its connection. A reader that is slower than what happens gets `resync` and the
 * present state once it reads again, never a backlog: what is held for it is bounded by the buffer and one state. One that does not read at all
 * is dropped.
 */
import type { Clock, Timer } from '../../../runtime/clock.ts'
import { writeLater } from '../../http/turns.ts'

/** Bytes that are held for a slow reader before it is behind. */
const BUFFER = 65_536
/** Bytes of a state that are written at a time: it is held once for all who are sent it. */
const SLICE = 65_536
/** Characters that are kept for a reader while it is sent a state; they are the same for all. */
const SINCE = 262_144
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
  /** The stream has ended, by the client or by us. Called once. */
  readonly onEnd: () => void
}

export class EventStream {
  readonly #sink: EventSink
  readonly #options: EventStreamOptions
  #behind = false
  /** What is left of a state that is being sent, and what has happened since, which follows it. */
  #rest: Buffer | null = null
  #since: string[] = []
  #sinceLength = 0
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
    if (this.#rest !== null) this.#keep(text)
    else if (!this.#hasRoom) this.#fallBehind()
    else if (typeof text !== 'string' && text.length > SLICE) this.#writeRest(text)
    else this.#hasRoom = this.#sink.write(text) || this.#sink.writableLength < BUFFER
  }

  /** Continues with each `drain`, until all of it is written. */
  #writeRest (rest: Buffer): void {
    this.#hasRoom = false
    this.#rest = rest.length > SLICE ? rest.subarray(SLICE) : null
    if (this.#sink.write(rest.subarray(0, SLICE))) this.#onDrain()
    else if (this.#rest === null && this.#sink.writableLength < BUFFER) this.#onState()
  }

  #keep (text: string | Buffer): void {
    if (typeof text !== 'string' || this.#behind || this.#sinceLength + text.length > SINCE) {
      this.#since = []
      this.#sinceLength = 0
      this.#fallBehind()
      return
    }
    this.#since.push(text)
    this.#sinceLength += text.length
  }

  /** A state is written: what has happened since follows it. */
  #onState (): void {
    this.#hasRoom = true
    if (this.#since.length === 0) return
    const since = this.#since.join('')
    this.#since = []
    this.#sinceLength = 0
    this.send(since)
  }

  /** Says `text` as the last thing, to a reader that keeps up, and ends. */
  finish (text: string): void {
    if (this.#ended) return
    if (this.#rest !== null) {
      this.#sink.write(this.#rest)
      this.#rest = null
      this.#sink.write(this.#since.join('') + text)
    } else {
      this.send(text)
    }
    this.#stop()
    this.#sink.end()
  }

  #onDrain (): void {
    if (this.#rest !== null) {
      // Others come first: `drain` is told of within this turn of the event loop.
      writeLater(() => { if (this.#rest !== null && !this.#ended) this.#writeRest(this.#rest) })
      return
    }
    this.#onState()
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
