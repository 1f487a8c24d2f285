/**
 * Tells whoever waits with a reply that nobody waits for it any more. The framework's own `request.signal` follows the request, which has ended
 * as soon as its body was read: a wait that hung on it would end at once, or not with the client.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyReply {
    /** Calls `listener` when the connection ends or the reply has been sent; at once if that was before. Forgets it when disposed of. */
    onceOver (listener: () => void): Disposable
  }
}

function onceOver (this: FastifyReply, listener: () => void): Disposable {
  const { raw } = this
  if (raw.closed) listener()
  else raw.once('close', listener)
  return { [Symbol.dispose]: () => { raw.off('close', listener) } }
}

export default fp(async (app: FastifyInstance) => { app.decorateReply('onceOver', onceOver) }, { name: 'client-gone' })
