/**
 * Tells the code that waits with a reply that its client has gone. The framework's own `request.signal` follows the request, which has ended
 * as soon as its body was read: a wait that hung on it would end at once, or not with the client.
 *
 * A client that has closed its side may be gone or may still read, which looks the same from here: it gets its reply, and no wait for it.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { Connection } from '../http/connection.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Calls `listener` when the client closes the connection or its side of it, or the reply has been sent; at once if that was before. Forgets it when disposed of. */
    onceOver (listener: () => void): Disposable
    /** Whether the client has closed the connection or its side of it. */
    isOver (): boolean
    /** Calls `listener` when the connection is closed, at once if it already is. Disposing of the result removes the listener. */
    onceGone (listener: () => void): Disposable
  }
}

function isOver (this: FastifyReply): boolean {
  const { raw } = this
  return raw.closed || Connection.of(raw.req.socket)?.halfClosed === true
}

function onceOver (this: FastifyReply, listener: () => void): Disposable {
  const { raw } = this
  if (this.isOver()) listener()
  else raw.once('close', listener).once('halfclose', listener)
  return { [Symbol.dispose]: () => { raw.off('close', listener).off('halfclose', listener) } }
}

function onceGone (this: FastifyReply, listener: () => void): Disposable {
  const { raw } = this
  if (raw.closed) listener()
  else raw.once('close', listener)
  return { [Symbol.dispose]: () => { raw.off('close', listener) } }
}

export default fp(async (app: FastifyInstance) => {
  app.decorateReply('onceOver', onceOver)
  app.decorateReply('isOver', isOver)
  app.decorateReply('onceGone', onceGone)
}, { name: 'client-gone' })
