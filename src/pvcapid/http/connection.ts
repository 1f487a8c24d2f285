/**
 * One client's connection, and everything that is held for its requests.
 *
 * Guarantees: of its requests at most `IN_PROGRESS` are in progress, and none is begun while more than `WRITABLE` bytes wait to be written or those in
 * progress hold `IN_PROGRESS_BYTES`; the rest wait, and the socket is not read meanwhile. Where requests of all connections take up a turn of the event loop, each connection gets its
 * turn for one of them. `close` is emitted for every response once its socket is closed: Node emits it only for the
 * response that owns the socket, so that whatever hangs on the others (waiters, streams, files) would stay. A client that has sent its last
 * request and closed its side gets its replies; a wait for one of them ends by `halfclose`, which comes at most once. A connection that is ended for what its client
 * sends gets a last reply that says so, where none is begun; one that is ended because of what is held for it gets none (docs/http.md has the list).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Timer } from '../../runtime/clock.ts'
import { ApiError } from '../errors/errors.ts'
import { framingFault } from '../request/request-faults.ts'
import { clientOf } from './client-address.ts'
import type { ConnectionOwner, Ending } from './connection-owner.ts'
import { ConductRecord, type Conduct } from './crowd/conduct.ts'
import { bodyBytes, headBytes, isHalfSent, isUrgent, textBytes, type Holder, type Unfinished, type Waiting } from './crowd/held-requests.ts'
import { PartialHead } from './crowd/partial-head.ts'
import { boundBody } from './request-body.ts'
import { discard, endWith, isEnding, problemText, stopParser } from './last-reply.ts'
import type { Reader } from './crowd/reading-order.ts'
import { isReset, tcpHandle, waitOf } from './tcp-handle.ts'
import { closeResponse } from './tracked-response.ts'

/** Requests of one connection that are in progress at once. */
export const IN_PROGRESS = 16
/** Requests that wait behind them: Node reads 64 KiB at a time, and takes all of them out at once. A connection that has sent more is ended. */
export const WAITING = 32
/** The most bytes of these; and bytes of requests in progress, from which on no further one is begun. */
const WAITING_BYTES = 786_432
const IN_PROGRESS_BYTES = 131_072
/** Bytes that wait to be written, from which on no further request is begun. */
const WRITABLE = 65_536
/** Milliseconds that a socket is not read while requests wait. After that it is, until the next request: else it would not be seen that its client has closed its side. */
const UNREAD = 1_000
/** Milliseconds between two looks whether a client that is not read has reset its connection. */
const LOOK = 100

type Owner = ConnectionOwner<Connection>

const key = Symbol('connection')
type Owned = Socket & { [key]?: Connection }

export class Connection implements Holder, Reader {
  readonly socket: Socket
  readonly address: string
  readonly client: string
  readonly #owner: Owner
  readonly #unfinished = new Map<ServerResponse, Unfinished>()
  /** Bytes of requests: of all, and of those that wait. */
  #requested = 0
  #queued = 0
  /** What has come of a request whose head is not whole, and its bytes as counted. */
  readonly #partial = new PartialHead()
  #partialBytes = 0
  #waiting: Waiting[] = []
  #halfClosed = false
  readonly #conduct = new ConductRecord()
  /** Milliseconds for which it has waited for this process before its first request, and since when it does, monotonic. */
  #waited: number
  #heldSince: number | null = null
  /** Until its turn comes (`crowd/reading-order.ts`). */
  #isHeld = false
  /** Runs while the socket is not read because requests wait. */
  #unread: Timer | null = null
  #whenAnswered: (() => void) | null = null
  /** The request that has its reply, and whose body had not come whole by then. */
  #half: IncomingMessage | null = null
  #stopped: Disposable | null = null
  /** What is said once the replies in progress are there, as the last on this connection; null while it continues. */
  #lastText: string | null = null
  /** As it was before the socket's closing. */
  #stackTraceLimit = Error.stackTraceLimit

  private constructor (socket: Socket, owner: Owner) {
    this.socket = socket
    this.#owner = owner
    this.address = socket.remoteAddress ?? ''
    this.client = clientOf(this.address)
    this.#waited = waitOf(socket)
    owner.requests.add(this)
    ;(socket as Owned)[key] = this
    // Before and after Node's own listener.
    socket.prependOnceListener('close', () => this.#onClosing())
    socket.once('close', () => this.#onClose())
    socket.once('end', () => this.#onEnd())
    // Node resumes the socket by itself as it has written something.
    socket.on('resume', () => { if (this.#unread !== null || this.#isHeld) socket.pause() })
  }

  /** The connection of a socket; null for one that is none of ours. */
  static of (socket: object | null | undefined): Connection | null {
    return (socket as Owned | null | undefined)?.[key] ?? null
  }

  static for (socket: Socket, owner: Owner): Connection {
    return Connection.of(socket) ?? new Connection(socket, owner)
  }

  /** Whether the client has closed its side. */
  get halfClosed (): boolean { return this.#halfClosed }

  /** Whether nothing more of what it sends is parsed: its last reply is sent, or will be. */
  get isStopped (): boolean { return this.#stopped !== null }

  /** Whether what it sends at present is the body of a request that has its reply: an error in that body gets no second one. */
  get isReplied (): boolean { return this.#half !== null && !this.#half.complete }

  get conduct (): Conduct { return this.#conduct.conduct(() => [...this.#unfinished.keys(), ...this.#waiting.map(({ response }) => response)].some(({ req }) => isHalfSent(req))) }

  isOver (): boolean { return this.socket.destroyed || this.#endIfReset() }

  hold (): void {
    this.#isHeld = true
    if (!this.#conduct.hasAsked) this.#heldSince = this.#owner.now()
    this.socket.pause()
  }

  read (): void {
    this.#isHeld = false
    if (this.#heldSince !== null) this.#waited += this.#owner.now() - this.#heldSince
    this.#heldSince = null
    this.#owner.reading(this)
    if (this.#unread === null) this.socket.resume()
  }

  /** Bytes that are held for it: those that wait to be written, and replies that wait behind them. */
  get held (): number {
    let sum = this.socket.writableLength
    for (const [response, { replied }] of this.#unfinished) sum += response.socket === null ? Math.max(replied, response.writableLength) : replied
    return sum
  }

  get #isBusy (): boolean { return this.#unfinished.size > 0 || this.#waiting.length > 0 }

  lookAtHead (): void {
    // What comes behind a request may be its body.
    this.#countPartial(this.#isBusy ? 0 : this.#partial.bytes(this.socket.bytesRead))
  }

  /** Bytes that its requests hold. */
  get requested (): number { return this.#requested }

  /** Bytes that the system has taken from it, ever. */
  get taken (): number {
    const tcp = tcpHandle(this.socket)
    return (tcp?.bytesWritten ?? 0) - (tcp?.writeQueueSize ?? 0)
  }

  /** Hands a request to the application, at once or once there is room for it. */
  request (request: IncomingMessage, response: ServerResponse): void {
    if (this.socket.destroyed || this.#lastText !== null) return
    const isPipelined = this.#isBusy
    this.#countPartial(0)
    const fault = framingFault(request)
    if (fault !== null) {
      this.#refuseFraming(request, fault)
      return
    }
    const text = textBytes(request)
    this.#partial.pass(request, text, this.socket.bytesRead)
    const isFirst = this.#conduct.asks(isPipelined)
    boundBody(request, response, { onTooMuch: (error) => this.#refuseBody(request, response, error), onLastReply: () => this.#endBehind('') })
    // The announced body counts from now on: its bytes are kept while the request waits.
    const bytes = headBytes(text, isPipelined) + bodyBytes(request)
    this.#count(bytes)
    // It may be the one that held most.
    if (this.socket.destroyed) return
    const hasRoom = this.#waiting.length === 0 && this.#hasRoom()
    if (hasRoom && ((this.#unfinished.size === 0 && isUrgent(request)) || this.#owner.hasTime())) {
      if (isFirst) this.#owner.begun(this.#waited)
      this.#begin(request, response, bytes)
      return
    }
    if (isPipelined && (this.#unfinished.size + this.#waiting.length >= IN_PROGRESS + WAITING || this.#queued + bytes > WAITING_BYTES)) {
      this.#refusePipelined(request)
      return
    }
    this.#waiting.push({ request, response, bytes, since: isFirst ? this.#owner.now() : null })
    this.#queued += bytes
    this.#owner.waiting(1)
    if (hasRoom) this.#owner.later(this)
    if (isPipelined && this.#unread === null) this.#leaveUnread()
  }

  /** Begins one request that waits, if there is room for it. Returns whether more could be begun. */
  beginNext (): boolean {
    if (this.socket.destroyed || !this.#hasRoom()) return false
    const next = this.#waiting.shift()
    if (next === undefined) return false
    this.#owner.waiting(-1)
    this.#queued -= next.bytes
    if (this.#waiting.length === 0 && this.#unread !== null) this.#readAgain()
    if (next.since !== null) this.#owner.begun(this.#waited + this.#owner.now() - next.since)
    this.#begin(next.request, next.response, next.bytes)
    this.#tellAnswered()
    return this.#waiting.length > 0 && this.#hasRoom()
  }

  /** `bytes` are held by `response` alone until it is sent. */
  holds (response: ServerResponse, bytes: number): void {
    const held = this.#unfinished.get(response)
    if (held !== undefined) held.replied = bytes
  }

  /** Calls `action` once every request that has come whole has its reply, at once if all have: of one that has not, the rest will not come. */
  whenAnswered (action: () => void): void {
    if (this.#isAnswered()) action()
    else this.#whenAnswered = action
  }

  /** Without a reply: what is held is released at once. */
  end (reason: Ending): void {
    if (this.socket.destroyed) return
    // Where its last reply was decided on, it was counted.
    if (this.#lastText === null) this.#owner.ended(reason)
    this.#forget()
    this.#stopped ??= stopParser(this.socket)
    this.socket.destroy()
  }

  /** The reply to a body that is not taken further, if it is the only request that there is and has no reply yet; after its reply the connection just ends. */
  #refuseBody (request: IncomingMessage, response: ServerResponse, error: ApiError): void {
    const own = this.#unfinished.has(response) || this.#waiting.some((each) => each.response === response) ? 1 : 0
    const isReplied = response.writableFinished
    if (this.#unfinished.size + this.#waiting.length > own || this.socket.writableLength > 0 || (response.headersSent && !isReplied)) {
      this.end('body')
      return
    }
    this.#owner.ended('body')
    this.#endBehind(isReplied ? '' : problemText(error, this.#owner.seen(request)))
  }

  /** The reply to a request whose end cannot be told, after those to the requests before it: what comes behind its head may be its body or another request. */
  #refuseFraming (request: IncomingMessage, error: ApiError): void {
    this.#owner.ended('body')
    this.#stopReading()
    this.whenAnswered(() => this.#endBehind(problemText(error, this.#owner.seen(request))))
  }

  /** Says `text` and ends, at once or when the replies in progress are sent. Requests that wait are dropped. */
  #endBehind (text: string, isNow = true): void {
    if (this.socket.destroyed || this.#lastText !== null) return
    this.#lastText = text
    this.#dropWaiting()
    this.#stopReading()
    if (isNow || this.#unfinished.size === 0) this.#sayLast()
  }

  /** The reply to the first request that waits; of those behind it none was begun. Replies in progress come first. */
  #refusePipelined (request: IncomingMessage): void {
    this.#owner.ended('pipelined')
    const error = new ApiError('too_many_pipelined', `More than ${IN_PROGRESS + WAITING} requests, or ${WAITING_BYTES} bytes of them, were sent on this connection before their replies. This one and those behind it were not begun; wait for replies before sending more.`, { outcome: 'not_started' })
    this.#endBehind(problemText(error, this.#owner.seen(this.#waiting[0]?.request ?? request)), false)
  }

  #dropWaiting (): void {
    // Node would destroy each with an error of its own, as `#onClosing` says.
    for (const { request } of this.#waiting) request.destroyed = true
    this.#owner.waiting(-this.#waiting.length)
    this.#waiting = []
    this.#count(-this.#queued)
    this.#queued = 0
  }

  /** Nothing that comes is parsed from now on. */
  #stopReading (): void {
    this.#stopped ??= stopParser(this.socket)
    this.#unread?.[Symbol.dispose]()
    this.#unread = null
    this.#isHeld = false
    discard(this.socket)
  }

  #sayLast (): void {
    const text = this.#lastText ?? ''
    endWith(this.socket, text, (milliseconds, action) => this.#owner.after(milliseconds, action))
    this.#forget()
    this.#closeResponses()
  }

  #leaveUnread (left = UNREAD): void {
    this.#unread = this.#owner.after(LOOK, () => {
      if (this.#endIfReset()) return
      if (left > LOOK) this.#leaveUnread(left - LOOK)
      else this.#readAgain()
    })
    this.socket.pause()
  }

  /** Releases everything held for a client that has reset the connection, without reading its remaining data. */
  #endIfReset (): boolean {
    if (!isReset(this.socket)) return false
    this.#forget()
    this.socket.destroy()
    return true
  }

  #readAgain (): void {
    this.#unread?.[Symbol.dispose]()
    this.#unread = null
    if (!this.socket.destroyed && !this.#isHeld) this.socket.resume()
  }

  #hasRoom (): boolean {
    const isFirst = this.#unfinished.size === 0
    return this.#unfinished.size < IN_PROGRESS && this.socket.writableLength < WRITABLE && (isFirst || this.#requested - this.#queued < IN_PROGRESS_BYTES)
  }

  #countPartial (bytes: number): void {
    const more = bytes - this.#partialBytes
    this.#partialBytes = bytes
    if (more !== 0) this.#count(more)
  }

  #count (bytes: number): void {
    this.#requested += bytes
    this.#owner.requests.count(bytes)
  }

  /** What its requests hold is given back together, and nothing of it afterwards. */
  #forget (): void {
    this.#owner.requests.delete(this)
    this.#owner.requests.count(-this.#requested)
    this.#requested = 0
    this.#partialBytes = 0
  }

  #begin (request: IncomingMessage, response: ServerResponse, bytes: number): void {
    this.#unfinished.set(response, { requested: bytes, replied: 0 })
    this.#owner.inProgress(1)
    // `close` comes once, so the listener stays; one shared function costs no closure for each reply.
    response.on('close', onClosed)
    this.#owner.handler(request, response)
  }

  /** A response is closed: what is held for its request is given back. */
  finished (response: ServerResponse): void {
    const held = this.#unfinished.get(response)
    if (held === undefined) return
    this.#unfinished.delete(response)
    this.#half = response.req.complete ? null : response.req
    this.#conduct.answered(response.req.complete)
    this.#owner.inProgress(-1)
    // Once the last reply is sent, nothing is counted for it any more.
    if (this.socket.destroyed || (this.#lastText !== null && isEnding(this.socket))) return
    this.#count(-held.requested)
    if (this.#lastText !== null && this.#unfinished.size === 0) this.#sayLast()
    if (this.#waiting.length > 0 && this.#hasRoom()) this.#owner.later(this)
    this.#tellAnswered()
  }

  #tellAnswered (): void {
    if (this.#whenAnswered === null || !this.#isAnswered()) return
    this.#whenAnswered()
    this.#whenAnswered = null
  }

  #isAnswered (): boolean {
    return this.#waiting.length === 0 && [...this.#unfinished.keys()].every(({ req, headersSent }) => !req.complete && !headersSent)
  }

  #onEnd (): void {
    this.#halfClosed = true
    for (const response of [...this.#unfinished.keys()]) response.emit('halfclose')
  }

  /**
   * Node then destroys each request with an error of its own, whose stack costs more than all else about a request that has not begun: a
   * thousand connections that are ended at once would have all other clients wait.
   */
  #onClosing (): void {
    this.#stopped?.[Symbol.dispose]()
    for (const { request } of this.#waiting) request.destroyed = true
    this.#stackTraceLimit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
  }

  #onClose (): void {
    Error.stackTraceLimit = this.#stackTraceLimit
    this.#owner.closed(this)
    this.#unread?.[Symbol.dispose]()
    this.#unread = null
    this.#owner.waiting(-this.#waiting.length)
    this.#waiting = []
    this.#forget()
    this.#whenAnswered = null
    this.#closeResponses()
  }

  #closeResponses (): void {
    for (const response of [...this.#unfinished.keys()]) closeResponse(response)
  }
}

function onClosed (this: ServerResponse): void {
  Connection.of(this.req.socket)?.finished(this)
}
