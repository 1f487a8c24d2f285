/**
 * No route takes a parameter that it does not know: a name that is mistyped would otherwise ask for something else. Every route's query is closed as
 * it is registered, pages and documents included; a route whose config says `anyQuery` ignores what comes.
 */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether parameters are ignored. */
    anyQuery?: boolean
  }
}

interface QuerySchema { readonly properties?: object }

async function queries (app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (route.config?.anyQuery === true) return
    const schema = (route.schema ??= {}) as { querystring?: unknown }
    const open = schema.querystring as QuerySchema | undefined
    schema.querystring = { type: 'object', ...open, properties: { ...open?.properties }, additionalProperties: false }
  })
}

export default fp(queries, { name: 'queries' })
