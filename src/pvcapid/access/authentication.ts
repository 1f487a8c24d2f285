/**
 * Authentication by API key, in the header `X-Api-Key`, or else by the connection's client certificate, before anything else of a request is
 * looked at. A route says in its config what
 * it needs: nothing (`open`), `read` or `operate`; unless it does, reading below `/api/` needs `read` and everything else there `operate`.
 *
 * Every configured key is compared in full, on digests, so that the time taken says nothing about any of them. The last good key of a connection is
 * compared first, in constant time as well: proxies send requests of several clients over one connection. Wrong keys and writes are counted
 * (`rate-limits.ts`).
 */
import crypto, { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { REPEATED, type ClientCertificates } from './client-certificates.ts'
import type { ApiToken, TokenRole } from '../config/api-config.ts'
import { ApiError, asNotStarted } from '../errors/errors.ts'
import { clientAddress, clientOf } from '../http/client-address.ts'

/** What is taken at one time; another object after each reload. */
export interface Credentials {
  /** Undefined if no key is needed. */
  readonly tokens: readonly ApiToken[] | undefined
  /** Null where clients are asked for no certificate. */
  readonly certificates: ClientCertificates | null
}

export interface AuthenticationOptions {
  /** At present. */
  readonly credentials: () => Credentials
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whom the route is open to. */
    access?: 'open' | TokenRole
  }
  interface FastifyRequest {
    /** Whose key or certificate came with the request; null where none is needed. */
    requestedBy: string | null
    /** What that key or certificate allows; null where none is needed. */
    keyRole: TokenRole | null
    /** What was found good of its key or certificate: for what, and by which of them. Null where none was needed. */
    keyCheck: { readonly access: TokenRole, readonly credentials: Credentials } | null
  }
  interface FastifyReply {
    /** Whose share of what is bounded for each client it comes from: the client's address, and its key if it has shown one. */
    readonly identity: string
    /** Why the key of its request does not allow it any more; null while it does. */
    keyFault (): ApiError | null
  }
}

const CHALLENGE = { 'www-authenticate': 'ApiKey realm="pvc", header="X-Api-Key"' }

function needed ({ config, url, method }: RouteOptions): 'open' | TokenRole {
  if (config?.access !== undefined) return config.access
  if (!url.startsWith('/api/')) return 'open'
  return [method].flat().every((name) => name === 'GET' || name === 'HEAD') ? 'read' : 'operate'
}

/** In one call where Node has it (20.12): a third of the time. */
const sha256 = (key: string): string => crypto.hash === undefined ? crypto.createHash('sha256').update(key).digest('binary') : crypto.hash('sha256', key, 'binary')

/** Where the digest of the key in hand is put, to be compared. */
const digest = Buffer.alloc(32)

function tokenOf (key: string, tokens: readonly ApiToken[]): ApiToken | null {
  digest.write(sha256(key), 'binary')
  let found: ApiToken | null = null
  for (const token of tokens) if (timingSafeEqual(digest, token.digest)) found = token
  return found
}

/** The last good key of a connection, and the list in which it was found. */
interface Known {
  /** The key in `COMPARED` bytes; no key contains the null byte that fills it up. */
  readonly key: Buffer
  readonly token: ApiToken
  readonly tokens: readonly ApiToken[]
}

const known = Symbol('known key')
type Keyed = Socket & { [known]?: Known }

/** Bytes of a key that are compared without a digest; a longer key is always compared by its digest. */
const COMPARED = 128
/** Where the key in hand is put, to be compared. */
const given = Buffer.alloc(COMPARED)

function tokenAt (socket: Keyed, key: string, tokens: readonly ApiToken[]): ApiToken | null {
  if (key.length > COMPARED) return tokenOf(key, tokens)
  given.fill(0).write(key, 'latin1')
  const before = socket[known]
  if (before !== undefined && before.tokens === tokens && timingSafeEqual(given, before.key)) return before.token
  const token = tokenOf(key, tokens)
  if (token !== null) socket[known] = { key: Buffer.from(given), token, tokens }
  return token
}

async function authentication (app: FastifyInstance, { credentials }: AuthenticationOptions): Promise<void> {
  app.decorateRequest('requestedBy', null)
  app.decorateRequest('keyRole', null)
  app.decorateRequest('keyCheck', null)
  app.decorateReply('identity', {
    getter (this: FastifyReply): string {
      const { request } = this
      return `${clientOf(clientAddress(request))} ${request.requestedBy ?? ''}`
    },
  })
  app.decorateReply('keyFault', function (this: FastifyReply): ApiError | null {
    const { keyCheck } = this.request
    return keyCheck === null || keyCheck.credentials === credentials() ? null : fault(this.request, keyCheck.access)
  })

  /** What is wrong with the request's key or certificate, or, where none is needed or it is a certificate, with its host; or null. */
  function fault (request: FastifyRequest, access: TokenRole): ApiError | null {
    const { tokens, certificates } = credentials()
    if (tokens === undefined) return app.unknownHost(request, 'no_key')
    const key = request.headers['x-api-key']
    if (typeof key !== 'string') return certificateFault(request, access, certificates)
    // A key that is sent is meant, whatever the certificate would allow. An empty one is a variable that was not set.
    if (key === '') return new ApiError('key_missing', 'The header X-Api-Key is empty. Send a key in it, or leave it out.', { headers: CHALLENGE })
    const token = tokenAt(request.raw.socket, key, tokens)
    if (token === null) return new ApiError('key_unknown', 'The key in the header X-Api-Key is none of those configured.', { headers: CHALLENGE })
    request.requestedBy = token.description
    request.keyRole = token.role
    return access === 'operate' && token.role !== 'operate' ? new ApiError('key_too_weak', 'This key may only read; use one with the role operate.') : null
  }

  function certificateFault (request: FastifyRequest, access: TokenRole, certificates: ClientCertificates | null): ApiError | null {
    const { socket } = request.raw
    const holder = certificates?.of(socket) ?? null
    if (holder === null) {
      const subject = certificates?.subjectOf(socket) ?? null
      const refused = certificates?.refusalOf(socket) ?? null
      const sentence = certificates === null
        ? 'Send an API key in the header X-Api-Key.'
        : refused !== null
          ? `The client certificate does not count. ${refused}. Show one that pvc.api.ssl.client_ca_file verifies, or send an API key in the header X-Api-Key.`
          : subject === null
            ? 'Send an API key in the header X-Api-Key, or connect with a client certificate that pvc.api.ssl.client_ca_file verifies.'
            : `The subject of the client certificate, ${JSON.stringify(subject.slice(0, REPEATED))}, is not in pvc.api.authentication.client_certificates. Add it there and send SIGHUP to pvcapid, or send an API key in the header X-Api-Key.`
      return new ApiError('key_missing', sentence, { headers: CHALLENGE })
    }
    // Browsers show a certificate by themselves, also to a page whose own name points here.
    const host = access === 'operate' ? app.unknownHost(request, 'certificate') : null
    if (host !== null) return host
    request.requestedBy = holder.description
    request.keyRole = holder.role
    return access === 'operate' && holder.role !== 'operate' ? new ApiError('key_too_weak', 'This client certificate may only read; use one with the role operate, or send a key.') : null
  }

  /** The error, or that there were too many of them. */
  function refusal (request: FastifyRequest, error: ApiError): unknown {
    try {
      if (error.code === 'key_unknown') app.countFailedAuthentication(request)
      return error
    } catch (tooMany) {
      return tooMany
    }
  }

  // What a route needs is settled as it is registered.
  app.addHook('onRoute', (route) => {
    const access = needed(route)
    if (access === 'open') return
    route.onRequest = [route.onRequest ?? []].flat().concat((request, _reply, done) => {
      const error = fault(request, access)
      request.keyCheck = { access, credentials: credentials() }
      if (error === null) done()
      else done(refusal(request, error) as Error)
    })
    if (access !== 'operate') return
    // Only what is valid counts.
    route.preHandler = [route.preHandler ?? []].flat().concat((request, reply, done) => {
      // Its body may have taken its time: what the key allowed when the request began may be over.
      const error = reply.keyFault()
      if (error !== null) {
        done(asNotStarted(error) as Error)
        return
      }
      try {
        app.countWrite(request)
        done()
      } catch (error) {
        done(asNotStarted(error) as Error)
      }
    })
  })
}

export default fp(authentication, { name: 'authentication', dependencies: ['problems', 'rate-limits', 'cross-site'] })
