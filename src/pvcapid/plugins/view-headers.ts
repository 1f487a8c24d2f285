/**
 * `X-View-Age` on every reply: seconds since everything that ZooKeeper had told is in the view (`Infinity` before the first reading), and
 * `X-View-Stale: true` once that is too long ago.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { View } from '../view.ts'

/** Sets both headers for a reply that is about to be sent. */
export function setViewHeaders (reply: FastifyReply, { age, stale }: Pick<View, 'age' | 'stale'>): void {
  reply.header('x-view-age', age === Infinity ? 'Infinity' : (age / 1000).toFixed(3))
  if (stale) reply.header('x-view-stale', 'true')
}

async function viewHeaders (app: FastifyInstance, { view }: { readonly view: View }): Promise<void> {
  app.addHook('onSend', async (_request, reply, payload) => {
    setViewHeaders(reply, view)
    return payload
  })
}

export default fp(viewHeaders, { name: 'view-headers' })
