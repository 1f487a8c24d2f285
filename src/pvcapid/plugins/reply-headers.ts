/**
 * The headers that every reply has besides its own: the id of its request, what tells browsers to do as little as possible with
 * it (it is no page, is never framed, sniffed, or kept without asking again; a page of our own sets a policy of its own), the age of the view,
 * and that the connection ends, once this API stops.
 *
 * They are put in as the head is sent. A reading and a stream are sent straight to the connection, with nothing of the framework's between: what
 * is asked for most should cost hardly more than its bytes, and what continues for long no more than its connection.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Document } from '../pages/document.ts'
import { isTagIn } from '../http/etag.ts'
import { WriteBatch } from '../fast-path/write-batch.ts'
import type { Reading } from '../fast-path/serialized-reply.ts'
import { STALE_AFTER, type ClusterCache } from '../services/cluster-cache.ts'
import type { AllowedOrigins } from '../access/allowed-origins.ts'
import { browserHeaders } from '../pages/browser-headers.ts'

export interface ReplyHeadersOptions {
  /** Whether the API is served by HTTPS itself. */
  readonly tls: boolean
  /** Other web pages that may read replies. */
  readonly origins: AllowedOrigins
  readonly view: Pick<ClusterCache, 'age'>
  /** Whether this API stops: connections that are in use would be kept for the next request. */
  readonly stopping: () => boolean
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Adds them to those that `reply` has, which go before them: for a reply that no hook sees. */
    addReplyHeaders (request: FastifyRequest, reply: FastifyReply): void
  }
  interface FastifyReply {
    /** Sends a reading, or 304 to a client that has it already. */
    sendReading (reading: Reading): void
    /** Sends a document, or 304 to a client that has it already, with every header that has been set. */
    sendDocument (document: Document): void
    /** Sends bytes that are the same for all who ask at this moment, with every header that has been set. */
    sendBytes (bytes: readonly Buffer[], length: number): void
    /** Sends the head, with every header that has been set, and leaves the rest to the caller. */
    startStream (): ServerResponse
  }
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** Milliseconds, whole, and how they are written: many replies have the same age. */
let written = { milliseconds: 0, text: '0.000' }

function ageText (age: number): string {
  if (age === Infinity) return 'Infinity'
  const milliseconds = Math.round(age)
  if (milliseconds !== written.milliseconds) written = { milliseconds, text: (milliseconds / 1000).toFixed(3) }
  return written.text
}

/** Names and values in turn, as `http` takes them. */
type Flat = string[]

const flat = (headers: Readonly<Record<string, unknown>>): Flat => Object.entries(headers).flatMap(([name, value]) => [name, String(value)])

async function replyHeaders (app: FastifyInstance, { tls, origins, view, stopping }: ReplyHeadersOptions): Promise<void> {
  const batch = new WriteBatch()
  const browsers = { ...await browserHeaders(tls), ...origins.isEmpty ? {} : { vary: 'Origin' } }
  const reading = flat({ ...browsers, 'cache-control': 'no-cache' })
  const writing = flat({ ...browsers, 'cache-control': 'no-store' })

  /** What a reply to `request` has, now. */
  function common ({ method, id, headers: { origin } }: FastifyRequest): Flat {
    const { age } = view
    const headers = [...method === 'GET' || method === 'HEAD' ? reading : writing, 'x-request-id', id, 'x-view-age', ageText(age)]
    if (age > STALE_AFTER) headers.push('x-view-stale', 'true')
    if (origin !== undefined) headers.push(...origins.headers(origin) ?? [])
    if (stopping()) headers.push('connection', 'close')
    return headers
  }

  function addReplyHeaders (request: FastifyRequest, reply: FastifyReply): void {
    const headers = common(request)
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at] as string
      if (!reply.hasHeader(name)) reply.header(name, headers[at + 1])
    }
  }

  app.decorate('addReplyHeaders', addReplyHeaders)
  app.addHook('onSend', (request, reply, _payload, done) => {
    addReplyHeaders(request, reply)
    done()
  })

  app.decorateReply('startStream', function (this: FastifyReply): ServerResponse {
    addReplyHeaders(this.request, this)
    this.hijack()
    return this.raw.writeHead(this.statusCode, this.getHeaders() as Record<string, string>)
  })

  app.decorateReply('sendBytes', function (this: FastifyReply, bytes: readonly Buffer[], length: number): void {
    addReplyHeaders(this.request, this)
    this.header('content-length', length)
    this.hijack()
    batch.end(this.raw.writeHead(this.statusCode, this.getHeaders() as Record<string, string>), bytes)
  })

  app.decorateReply('sendDocument', function (this: FastifyReply, { bytes, length, type, etag }: Document): void {
    this.header('etag', etag)
    if (isTagIn(this.request.headers['if-none-match'], etag)) this.code(304).send()
    else this.type(type).sendBytes(bytes, length)
  })

  app.decorateReply('sendReading', function (this: FastifyReply, answer: Reading): void {
    const { request, raw } = this
    const { etag } = answer
    const headers = common(request)
    headers.push('etag', etag)
    if (isTagIn(request.headers['if-none-match'], etag)) {
      batch.end(raw.writeHead(304, headers))
    } else {
      headers.push('content-type', JSON_TYPE, 'content-length', String(answer.length))
      batch.end(raw.writeHead(200, headers), answer.body, answer.isShared)
    }
    this.hijack()
  })
}

export default fp(replyHeaders, { name: 'reply-headers' })
