/** What helmet has to say to browsers. It is the same for every reply, and so it is asked once, at the start. */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import { fastify, type FastifyInstance } from 'fastify'

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

/** @param tls whether the API is served by HTTPS itself */
export async function browserHeaders (tls: boolean): Promise<Record<string, string>> {
  return await helmetHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] } },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    // Browsers heed, and do not complain of, these two by HTTPS alone.
    crossOriginOpenerPolicy: tls,
    originAgentCluster: tls,
    strictTransportSecurity: tls ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  })
}
