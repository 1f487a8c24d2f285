/**
 * No route takes a parameter that it does not know: a name that is mistyped would otherwise ask for something else. Every route's query is closed as
 * it is registered, pages and documents included; a route whose config says `anyQuery` ignores what comes.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { checkEncoded } from './utf8.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether parameters are ignored. */
    anyQuery?: boolean
  }
}

interface QuerySchema { readonly properties?: object }

function checkUtf8 ({ url }: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  const at = url.includes('%') ? url.indexOf('?') : -1
  if (at < 0) done()
  else {
    try {
      checkEncoded(url.slice(at + 1), 'querystring')
      done()
    } catch (error) {
      done(error as Error)
    }
  }
}

async function queries (app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (route.config?.anyQuery === true) return
    const schema = (route.schema ??= {}) as { querystring?: unknown }
    const open = schema.querystring as QuerySchema | undefined
    route.preValidation = [checkUtf8].concat(route.preValidation as typeof checkUtf8 ?? [])
    schema.querystring = { type: 'object', ...open, properties: { ...open?.properties }, additionalProperties: false }
  })
}

export default fp(queries, { name: 'queries' })
