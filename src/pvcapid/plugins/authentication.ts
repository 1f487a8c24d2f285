/**
 * Authentication by API key, in the header `X-Api-Key`, before anything else of a request is looked at. A route says in its config what
 * it needs: nothing (`open`), `read` or `operate`; unless it does, reading below `/api/` needs `read` and everything else there `operate`.
 *
 * Every key that is configured is compared in full, on digests, so that the time taken says nothing about any of them. Wrong keys and writes
 * are counted (`rate-limits.ts`).
 */
import crypto, { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { ApiToken, TokenRole } from '../config.ts'
import { ApiError, asNotStarted } from '../errors.ts'

export interface AuthenticationOptions {
  /** The keys at present; undefined if none is needed. */
  readonly tokens: () => readonly ApiToken[] | undefined
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whom the route is open to. */
    access?: 'open' | TokenRole
  }
  interface FastifyRequest {
    /** Whose key came with the request; null where no key is needed. */
    requestedBy: string | null
    /** What was found good of its key: for what, and by which keys. Null where none was needed. */
    keyCheck: { readonly access: TokenRole, readonly tokens: readonly ApiToken[] | undefined } | null
  }
  interface FastifyReply {
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

async function authentication (app: FastifyInstance, { tokens }: AuthenticationOptions): Promise<void> {
  app.decorateRequest('requestedBy', null)
  app.decorateRequest('keyCheck', null)
  app.decorateReply('keyFault', function (this: FastifyReply): ApiError | null {
    const { keyCheck } = this.request
    return keyCheck === null || keyCheck.tokens === tokens() ? null : fault(this.request, keyCheck.access)
  })

  /** What is wrong with the request's key, or, where none is needed, with its host; or null. */
  function fault (request: FastifyRequest, access: TokenRole): ApiError | null {
    const known = tokens()
    if (known === undefined) return app.unknownHost(request)
    const key = request.headers['x-api-key']
    if (typeof key !== 'string' || key === '') return new ApiError('key_missing', 'Send an API key in the header X-Api-Key.', { headers: CHALLENGE })
    const token = tokenOf(key, known)
    if (token === null) return new ApiError('key_unknown', 'The key in the header X-Api-Key is none of those configured.', { headers: CHALLENGE })
    request.requestedBy = token.description
    return access === 'operate' && token.role !== 'operate' ? new ApiError('key_too_weak', 'This key may only read; use one with the role operate.') : null
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
      request.keyCheck = { access, tokens: tokens() }
      if (error === null) done()
      else done(refusal(request, error) as Error)
    })
    if (access !== 'operate') return
    // Only what is valid counts.
    route.preHandler = [route.preHandler ?? []].flat().concat((request, _reply, done) => {
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
