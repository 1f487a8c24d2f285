/** Puts the path below which a client sees the API before the paths that replies name: `Location`, and what a problem says of itself. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { BasePath } from '../http/base-path.ts'

interface Problem { readonly instance: string, readonly confirmation?: readonly string[] }

const isProblem = (payload: unknown): payload is Problem =>
  typeof payload === 'object' && payload !== null && typeof (payload as Partial<Problem>).instance === 'string'

async function basePaths (app: FastifyInstance, { basePath }: { readonly basePath: BasePath }): Promise<void> {
  const { configured } = basePath
  if (configured !== '') {
    app.addHook('onRequest', (request, reply, done) => {
      const { originalUrl } = request
      // A link of the page is relative to its path up to the last slash.
      if (originalUrl === configured || originalUrl.startsWith(`${configured}?`)) reply.code(308).header('location', `/${originalUrl.slice(configured.length)}`).send()
      else done()
    })
  }

  app.addHook('preSerialization', (request, _reply, payload: unknown, done) => {
    if (!isProblem(payload) || basePath.of(request) === '') done(null, payload)
    else {
      const { instance, confirmation } = payload
      done(null, { ...payload, instance: basePath.seen(request, instance), ...confirmation === undefined ? {} : { confirmation: confirmation.map((path) => basePath.seen(request, path)) } })
    }
  })

  app.addHook('onSend', (request, reply, _payload, done) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string') reply.header('location', basePath.seen(request, location))
    done()
  })
}

export default fp(basePaths, { name: 'base-path' })
