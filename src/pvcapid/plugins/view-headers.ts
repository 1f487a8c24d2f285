/**
 * `X-View-Age` on every reply: seconds since everything that ZooKeeper had told is in the view (`Infinity` before the first reading), and
 * `X-View-Stale: true` once that is too long ago.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { STALE_AFTER, type View } from '../view.ts'

/** Milliseconds, whole, and how they are written: many replies have the same age. */
let written = { milliseconds: 0, text: '0.000' }

function ageText (age: number): string {
  if (age === Infinity) return 'Infinity'
  const milliseconds = Math.round(age)
  if (milliseconds !== written.milliseconds) written = { milliseconds, text: (milliseconds / 1000).toFixed(3) }
  return written.text
}

/** Sets both headers for a reply that is about to be sent. */
export function setViewHeaders (reply: FastifyReply, { age }: Pick<View, 'age'>): void {
  reply.header('x-view-age', ageText(age))
  if (age > STALE_AFTER) reply.header('x-view-stale', 'true')
}

async function viewHeaders (app: FastifyInstance, { view }: { readonly view: View }): Promise<void> {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    setViewHeaders(reply, view)
    done()
  })
}

export default fp(viewHeaders, { name: 'view-headers' })
