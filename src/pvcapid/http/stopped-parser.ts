/**
 * Stops Node's parser in the middle of what it has read. That can be a thousand requests, or a body in ten thousand chunks, and to pause the socket from
 * within does not stop it: each of them would be taken out, at the cost of an object and a call, for a connection that has ended.
 *
 * Parsers are used again for other connections, so that whatever is taken from one is put back before that.
 */
import type { Socket } from 'node:net'

/** What the parser takes for the beginning of another protocol, where it stops. */
const ANOTHER_PROTOCOL = 2
/** Node's function that is called for each piece of a body: one of the parser's numbered properties. */
const ON_BODY = 'parserOnBody'

type Parser = Record<string, unknown> & { onIncoming?: () => number }

/** The parser emits nothing more for `socket`. Dispose of the result before Node's own `close` listener runs: it restores the parser. */
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
