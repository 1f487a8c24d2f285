/**
 * Where log lines go: stdout, without ever waiting for its reader.
 *
 * Guarantees: `write` returns at once, whatever is at the other end: a pipe or socket without a reader, one that was closed, a stopped terminal, a
 * full disk. Lines that cannot be written wait in a bounded buffer; beyond the bound they are dropped and counted, and the next line that gets
 * through says how many. Lines stay whole and in order. The end of the process waits for the reader at most `FLUSH` milliseconds.
 *
 * Does not guarantee anything for a regular file on a file system that hangs: such writes have no non-blocking form.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'

/** Bytes that wait for a slow reader before lines are dropped. */
const BUFFER = 1_048_576
/** Milliseconds between two attempts to write what waits. */
const RETRY = 50
/** Milliseconds for which the end of the process waits for the reader, and between two attempts meanwhile. */
const FLUSH = 500
const FLUSH_RETRY = 10

/** Priorities of syslog(3), which journald takes from the start of a line. */
const priorities: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 }
const WARN = 40

/** Errors that say "not now": the reader is behind. Anything else loses the line. */
const isBusy = (error: unknown): boolean => ['EAGAIN', 'EWOULDBLOCK', 'EBUSY', 'EINTR'].includes((error as NodeJS.ErrnoException).code ?? '')

/** What pino looks for on a destination to set its `lastLevel` before each `write`. */
export const METADATA: unique symbol = Symbol.for('pino.metadata')

export interface LogDestinationOptions {
  readonly clock: Clock
  /** The open descriptor to write to. */
  readonly fd: number
  /** The line that says that `count` lines were dropped. */
  readonly dropNotice: (count: number) => string
  /** Called with the error that loses a line, at once. */
  readonly onLost?: (error: unknown) => void
  /** Each line begins with its priority, as journald reads it. */
  readonly withPriority?: boolean
}

export class LogDestination {
  readonly [METADATA] = true
  /** The level of the line that comes next, as pino numbers it. */
  lastLevel = 30
  readonly #options: LogDestinationOptions
  readonly #fd: number
  /** Holds the socket, so that its descriptor stays non-blocking. */
  readonly #socket: Socket | null
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #timer: Timer | null = null
  #dropped = 0
  /** Dropped lines that no notice has named yet. */
  #untold = 0
  /** The last line that was lost had been written in part. */
  #torn = false

  constructor (options: LogDestinationOptions) {
    this.#options = options
    const opened = nonBlocking(options.fd)
    this.#fd = opened.fd
    this.#socket = opened.socket
  }

  /** Lines that were dropped since the start. */
  get dropped (): number { return this.#dropped }

  /** Takes a line, newline included. Never throws, never waits. */
  write (line: string): void {
    const bytes = this.#bytesOf(line, this.lastLevel)
    if (this.#waiting.length > 0) {
      if (this.#waitingBytes + bytes.length > BUFFER) this.#drop()
      else this.#wait(bytes)
      return
    }
    this.#send(bytes)
  }

  /** Writes what waits, for at most `FLUSH` milliseconds, and keeps what cannot be written. For the very end of the process. */
  flush (): void {
    const until = this.#options.clock.monotonic() + FLUSH
    const cell = new Int32Array(new SharedArrayBuffer(4))
    this.#drain()
    while (this.#waiting.length > 0 && this.#options.clock.monotonic() < until) {
      Atomics.wait(cell, 0, 0, FLUSH_RETRY)
      this.#drain()
    }
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    if (this.#fd !== this.#options.fd) closeSync(this.#fd)
    this.#socket?.unref()
  }

  #bytesOf (line: string, level: number): Buffer {
    return Buffer.from(this.#options.withPriority === true ? `<${priorities[level] ?? 6}>${line}` : line)
  }

  #drop (): void {
    this.#dropped += 1
    this.#untold += 1
  }

  #wait (bytes: Buffer): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#timer ??= this.#options.clock.after(RETRY, () => {
      this.#timer = null
      this.#drain()
    })
  }

  #drain (): void {
    const waiting = this.#waiting.splice(0)
    this.#waitingBytes = 0
    for (const bytes of waiting) {
      if (this.#waiting.length > 0) this.#wait(bytes)
      else this.#send(bytes)
    }
  }

  /** Writes a line, or leaves what remains of it waiting. */
  #send (bytes: Buffer): void {
    if (this.#untold > 0) {
      const count = this.#untold
      this.#untold = 0
      if (!this.#sendOne(this.#bytesOf(this.#options.dropNotice(count), WARN))) this.#untold += count
      if (this.#waiting.length > 0) {
        this.#wait(bytes)
        return
      }
    }
    if (!this.#sendOne(bytes)) this.#drop()
  }

  /** False if the line is lost. */
  #sendOne (line: Buffer): boolean {
    const bytes = this.#torn ? Buffer.concat([Buffer.from('\n'), line]) : line
    let sent = 0
    while (sent < bytes.length) {
      try {
        sent += writeSync(this.#fd, bytes, sent)
      } catch (error) {
        if (!isBusy(error)) {
          this.#options.onLost?.(error)
          this.#torn ||= sent > 0
          return false
        }
        if (sent > 0) this.#torn = false
        this.#wait(sent === 0 ? bytes : bytes.subarray(sent))
        return true
      }
    }
    this.#torn = false
    return true
  }
}

/**
 * A descriptor for what `fd` refers to whose writes do not wait. A pipe or terminal is opened once more, so that nothing changes for other
 * processes that have it; a socket cannot be, and is switched over itself.
 */
function nonBlocking (fd: number): { readonly fd: number, readonly socket: Socket | null } {
  const kind = fstatSync(fd)
  if (kind.isSocket()) return { fd, socket: switched(fd) }
  if (!kind.isFIFO() && !kind.isCharacterDevice()) return { fd, socket: null }
  try {
    return { fd: openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY), socket: null }
  } catch {
    // Another user's, say after a change of user. A pipe can be switched over as a socket can; a terminal is left as it is.
    return { fd, socket: kind.isFIFO() ? switched(fd) : null }
  }
}

/** Makes the descriptor non-blocking: libuv does so for a stream that it is given. */
function switched (fd: number): Socket {
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.unref()
  // Errors come to the writes that cause them.
  socket.on('error', () => {})
  return socket
}

/** Whether `fd` is the journal's, as systemd says in JOURNAL_STREAM: device and inode of the stream. */
export function isJournal (fd: number, journalStream: string | undefined): boolean {
  const { dev, ino } = fstatSync(fd)
  return journalStream === `${dev}:${ino}`
}
