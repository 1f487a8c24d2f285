/**
 * Headers that tell browsers to do as little as possible with a reply: it is no page, is never framed, sniffed, or kept without asking again.
 * A page of our own sets a content security policy of its own.
 *
 * What helmet has to say is the same for every reply; it is asked once, at the start.
 */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import { fastify, type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

export interface SecurityHeadersOptions {
  /** Whether the API is served by HTTPS itself. */
  readonly tls: boolean
}

/** The headers that helmet adds to any reply. */
async function helmetHeaders (options: FastifyHelmetOptions): Promise<Record<string, string>> {
  const replyTo = async (prepare: (app: FastifyInstance) => Promise<unknown>): Promise<Record<string, unknown>> => {
    const app = fastify()
    await prepare(app)
    app.get('/', () => '')
    const { headers } = await app.inject('/')
    await app.close()
    return headers
  }
  const plain = await replyTo(async () => {})
  const guarded = await replyTo(async (app) => await app.register(helmet, options))
  const added = Object.entries(guarded).filter(([name]) => !Object.hasOwn(plain, name))
  if (added.length === 0) throw new Error('helmet added no header')
  return Object.fromEntries(added.map(([name, value]) => [name, String(value)]))
}

async function securityHeaders (app: FastifyInstance, { tls }: SecurityHeadersOptions): Promise<void> {
  const headers = await helmetHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] } },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    strictTransportSecurity: tls ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  })
  const reading = { ...headers, 'cache-control': 'no-cache' }
  const writing = { ...headers, 'cache-control': 'no-store' }
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(request.method === 'GET' || request.method === 'HEAD' ? reading : writing)
    done()
  })
}

export default fp(securityHeaders, { name: 'security-headers' })
