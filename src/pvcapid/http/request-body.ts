/**
 * Bounds the part of a request's body that is accepted, whether a handler reads it or not: a reply that needs no body (a refusal, a reading) leaves the body to
 * Node, which would take it in for as long as the client sends. Each piece costs an object and a call, however short it is, so that pieces are
 * bounded as well as bytes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Pieces of one body: chunks, or what one reading of the socket has given. */
export const PIECES = 256
/** Bytes of one body; of a longer one than is parsed, the client may be sending the rest as it gets its 413. */
const BYTES = 1_048_576

/** Calls `onTooMuch` once more of the body has come than is taken; nothing more of it is then. */
export function boundBody (request: IncomingMessage, response: ServerResponse, onTooMuch: () => void): void {
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
        if (!request.destroyed) onTooMuch()
        return false
      }
    }
    return push(chunk, ...more)
  }
  // Before Node's own listener, which would have the rest pass by uncounted.
  response.prependOnceListener('finish', () => {
    if (request.complete) return
    request.read(0)
    request.resume()
  })
}
