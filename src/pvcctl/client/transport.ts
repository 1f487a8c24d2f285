/**
 * `fetch` as openapi-fetch calls it, on node:http and node:https. Node's own fetch takes an authority and a client certificate only with undici's dispatcher
 * beside it, a package of 1.5 MB that has to fit the undici that Node brings; this is smaller, and it knows whether a request has left this machine,
 * which decides whether a write may be sent again.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../runtime/clock.ts'
import type { Tls } from '../config/configuration.ts'

/** No reply came. */
export class ConnectionFailure extends Error {
  /** Whether the request may have reached the API. */
  readonly sent: boolean

  constructor (message: string, sent: boolean) {
    super(message)
    this.name = 'ConnectionFailure'
    this.sent = sent
  }
}

export interface TransportOptions {
  readonly clock: Clock
  readonly tls: Tls
}

export interface Bounds {
  /** Milliseconds until the whole reply has to be there; of a stream, until its head. */
  readonly patience: number
  readonly signal?: AbortSignal
}

/** What a reply said, unchanged, by the Response that was made of it. */
const texts = new WeakMap<Response, string>()

/** Of a reply that is no stream. */
export const bodyText = (response: Response): string => texts.get(response) ?? ''

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'closed the connection',
  ENOTFOUND: 'has a name that cannot be resolved',
  EAI_AGAIN: 'has a name that cannot be resolved now',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  EPROTO: 'does not speak HTTPS',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that is not trusted; name its authority with --ca-file',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that is not trusted; name its authority with --ca-file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that is not trusted; name its authority with --ca-file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate that is not trusted; name its authority with --ca-file',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate of another name',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'wants a client certificate; name it with --cert-file',
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak HTTPS',
  HPE_INVALID_CONSTANT: 'does not speak HTTP at this port',
}

const sentence = ({ code = '', message }: NodeJS.ErrnoException): string => sentences[code] ?? (code === '' ? message : `cannot be asked (${code})`)

export class Transport {
  readonly #options: TransportOptions
  /** Connections of readings are kept for the next; a write has one of its own, so that it is known when it was sent. */
  readonly #agents: { readonly http: HttpAgent, readonly https: HttpsAgent }

  constructor (options: TransportOptions) {
    this.#options = options
    this.#agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true, ...options.tls }) }
  }

  /** Ends connections that are kept. */
  close (): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  /** @throws ConnectionFailure */
  async fetch (request: Request, bounds: Bounds): Promise<Response> {
    const body = await request.text()
    const isReading = request.method === 'GET'
    try {
      return await this.#once(request, body, bounds, isReading)
    } catch (error) {
      // A connection that was kept and that the API has closed meanwhile says nothing about the API.
      if (isReading && error instanceof KeptConnectionClosed) return await this.#once(request, body, bounds, false)
      throw error
    }
  }

  async #once ({ url, method, headers }: Request, body: string, { patience, signal }: Bounds, kept: boolean): Promise<Response> {
    const isTls = new URL(url).protocol === 'https:'
    let sent = false
    return await new Promise<Response>((resolve, reject) => {
      const options = { method, headers: { ...Object.fromEntries(headers), 'user-agent': 'pvcctl', ...body === '' ? {} : { 'content-length': Buffer.byteLength(body) } } }
      const message = isTls
        ? httpsRequest(url, { ...options, ...this.#options.tls, agent: kept ? this.#agents.https : false })
        : httpRequest(url, { ...options, agent: kept ? this.#agents.http : false })
      const end = (): void => {
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', stop)
      }
      const stop = (): void => { message.destroy(new Error('was not waited for')) }
      const timer = this.#options.clock.after(patience, () => message.destroy(new Error(`did not answer within ${patience / 1000} s`)))
      signal?.addEventListener('abort', stop, { once: true })
      if (signal?.aborted === true) stop()
      message.on('socket', (socket) => {
        const begin = (): void => { sent = true }
        if (!socket.connecting && (!isTls || (socket as TLSSocket).getProtocol?.() != null)) begin()
        else socket.once(isTls ? 'secureConnect' : 'connect', begin)
      })
      const fail = (error: NodeJS.ErrnoException): void => {
        end()
        reject(message.reusedSocket && error.code === 'ECONNRESET' ? new KeptConnectionClosed(sentence(error), sent) : new ConnectionFailure(sentence(error), sent))
      }
      message.on('error', fail)
      message.on('response', (reply) => {
        if (url.endsWith(STREAM) && isStream(reply)) {
          timer[Symbol.dispose]()
          reply.once('close', end)
          resolve(new Response(Readable.toWeb(reply) as ReadableStream, { status: reply.statusCode ?? 0, headers: headersOf(reply) }))
          return
        }
        bounded(reply).then((said) => {
          end()
          const status = reply.statusCode ?? 0
          const response = new Response(status === 204 || status === 304 ? null : said, { status, headers: headersOf(reply) })
          texts.set(response, said)
          resolve(response)
        }, fail)
      })
      message.end(body)
    })
  }
}

class KeptConnectionClosed extends ConnectionFailure {}

/** The route whose reply has no end; any other is waited for whole, whatever it says of itself. */
const STREAM = '/api/v1/events'
/** Bytes of a reply at most: many times what a pvcapid sends of the largest cluster. */
const MOST = 64 * 2 ** 20

async function bounded (reply: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of reply as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MOST) throw new Error(`sent more than ${MOST / 2 ** 20} MiB`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

const isStream = (reply: IncomingMessage): boolean => reply.statusCode === 200 && (reply.headers['content-type'] ?? '').startsWith('text/event-stream')

function headersOf (reply: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(reply.headers)) if (value !== undefined) headers.set(name, [value].flat().join(', '))
  return headers
}
