/**
 * The last reply of a connection that this API ends. Our side is closed behind it, and what still comes is discarded until the client closes its own: a socket that
 * is closed with bytes unread has the system send a reset, which may destroy the reply before the client has read it. That lasts `LINGER` at most, and
 * `DISCARDED` bytes.
 */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import type { ApiError } from '../errors/errors.ts'
import { problemBody, PROBLEM_TYPE } from '../errors/problem.ts'

/** Milliseconds, and bytes, of what a client still sends. */
const LINGER = 2_000
export const DISCARDED = 1_048_576

const ending = Symbol('ending')
type Ending = Socket & { [ending]?: true }

/** A whole reply. @param instance the path of the request, as its client sees it */
export function problemText (error: ApiError, instance: string): string {
  const body = JSON.stringify(problemBody(error, instance))
  const headers = Object.entries(error.options.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n${body}`
}

/** Whether its last reply is sent: whatever is found wrong with what it sends besides is of no interest. */
export const isEnding = (socket: object): boolean => (socket as Ending)[ending] === true

/** From now on nothing of what comes is parsed, and it is counted: more than `DISCARDED` bytes end the connection. */
export function discard (socket: Socket): void {
  let bytes = 0
  // Node's parser reads the socket itself until a listener is added.
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > DISCARDED) socket.destroy()
  })
  socket.resume()
}

/** Sends `text`, which may be empty, and ends the connection. */
export function endWith (socket: Socket, text: string, after: Clock['after']): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  ;(socket as Ending)[ending] = true
  discard(socket)
  const timer = after(LINGER, () => socket.destroy())
  socket.once('close', () => timer[Symbol.dispose]())
  socket.end(text)
}

/** What the parser takes for the beginning of another protocol, where it stops. */
const ANOTHER_PROTOCOL = 2
/** Node's function that is called for each piece of a body: one of the parser's numbered properties. */
const ON_BODY = 'parserOnBody'

type Parser = Record<string, unknown> & { onIncoming?: () => number }

/**
 * Stops Node's parser in the middle of what it has read. That can be a thousand requests, or a body in ten thousand chunks, and to pause the socket from
 * within does not stop it: each of them would be taken out, at the cost of an object and a call, for a connection that has ended. Parsers are used again for
 * other connections, so that whatever is taken from one is put back before that.
 *
 * The parser emits nothing more for `socket`. Dispose of the result before Node's own `close` listener runs: it restores the parser.
 */
export function stopParser (socket: Socket): Disposable {
  const { parser } = socket as Socket & { readonly parser?: Parser | null }
  if (parser?.onIncoming === undefined) return { [Symbol.dispose]: () => {} }
  const key = Object.keys(parser).find((name) => (parser[name] as { readonly name?: string } | null)?.name === ON_BODY)
  const onBody = key === undefined ? undefined : parser[key]
  const putBack = (): void => { if (key !== undefined) parser[key] = onBody }
  // The parser skips a callback that is no function.
  if (key !== undefined) parser[key] = null
  parser.onIncoming = () => {
    // After this Node may give the parser away.
    putBack()
    return ANOTHER_PROTOCOL
  }
  return { [Symbol.dispose]: putBack }
}
