/**
 * Bounds the part of a request's body that is accepted, whether a handler reads it or not: a reply that needs no body (a refusal, a reading) leaves the body to
 * Node, which would take it in for as long as the client sends. Each piece costs an object and a call, however short it is, so that pieces are
 * bounded as well as bytes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from '../errors/errors.ts'

/** Pieces of one body: chunks, or what one reading of the socket has given. */
export const PIECES = 256
/** Bytes of one body; of a longer one than is parsed, the client may be sending the rest as it gets its 413. */
const BYTES = 1_048_576

const inPieces = () => new ApiError('body_in_pieces', `The body came in more than ${PIECES} pieces. Nothing was done; send it with Content-Length, or in fewer and longer chunks.`, { outcome: 'not_started' })
const tooLong = () => new ApiError('body_too_large', `The body is longer than ${BYTES} bytes. Nothing was done; send less.`, { outcome: 'not_started' })

export interface BodyBounds {
  /** More of the body has come than is taken; nothing more of it is then. */
  readonly onTooMuch: (error: ApiError) => void
  /** The reply is sent before the whole body has come, and is the last on this connection. */
  readonly onLastReply: () => void
}

export function boundBody (request: IncomingMessage, response: ServerResponse, { onTooMuch, onLastReply }: BodyBounds): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (encoding === undefined && (length === undefined || Number(length) === 0)) return
  let pieces = 0
  let bytes = 0
  const push = request.push.bind(request)
  request.push = (chunk: Buffer | null, ...more) => {
    if (chunk !== null) {
      pieces += 1
      bytes += chunk.length
      if (pieces > PIECES || bytes > BYTES) {
        if (!request.destroyed) onTooMuch(pieces > PIECES ? inPieces() : tooLong())
        // False would have Node stop reading, and what still comes is to be discarded.
        return true
      }
    }
    return push(chunk, ...more)
  }
  // Before Node's own listener, which would have the rest pass by uncounted.
  response.prependOnceListener('finish', () => {
    if (request.complete) return
    const reply = response as ServerResponse & { _last?: boolean }
    if (reply._last === true) {
      // Node would close the socket, with bytes of the body unread.
      reply._last = false
      onLastReply()
      return
    }
    request.read(0)
    request.resume()
  })
}
