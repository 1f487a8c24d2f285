/**
 * Tells a handler that nobody waits for its reply any more. The framework's own `request.signal` follows the request, which has ended as soon as
 * its body was read: a wait that hung on it would end at once, or not with the client.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyReply {
    /** A signal that is aborted when the connection ends before the reply has been sent. */
    clientGone (): AbortSignal
  }
}

function clientGone (this: FastifyReply): AbortSignal {
  const { raw } = this
  const gone = new AbortController()
  const look = (): void => { if (!raw.writableFinished) gone.abort() }
  if (raw.closed) look()
  else raw.once('close', look)
  return gone.signal
}

export default fp(async (app: FastifyInstance) => { app.decorateReply('clientGone', clientGone) }, { name: 'client-gone' })
