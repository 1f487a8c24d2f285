/**
 * Replies that go on for as long as they are read, written straight to the connection: no stream of the framework's stands between, which would
 * cost each of them more than the connection does.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { View } from '../view.ts'
import { setViewHeaders } from './view-headers.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Sends the head, with every header that has been set, and leaves the rest to the caller. */
    startStream (): ServerResponse
  }
}

async function streaming (app: FastifyInstance, { view }: { readonly view: View }): Promise<void> {
  app.decorateReply('startStream', function (this: FastifyReply): ServerResponse {
    setViewHeaders(this, view)
    this.hijack()
    return this.raw.writeHead(this.statusCode, this.getHeaders() as Record<string, string>)
  })
}

export default fp(streaming, { name: 'streaming', dependencies: ['view-headers'] })
