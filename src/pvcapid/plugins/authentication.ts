/**
 * Authentication by API key, in the header `X-Api-Key`, before anything else of a request is looked at. A route says in its config what
 * it needs: nothing (`open`), `read` or `operate`; unless it does, reading below `/api/` needs `read` and everything else there `operate`.
 *
 * Every key that is configured is compared in full, on digests, so that the time taken says nothing about any of them. Wrong keys and writes
 * are counted (`rate-limits.ts`).
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ApiToken, TokenRole } from '../config.ts'
import { ApiError } from '../errors.ts'

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
  }
}

const CHALLENGE = { 'www-authenticate': 'ApiKey realm="pvc", header="X-Api-Key"' }

function needed (request: FastifyRequest): 'open' | TokenRole {
  const { config, url } = request.routeOptions
  if (config.access !== undefined) return config.access
  if (url?.startsWith('/api/') !== true) return 'open'
  return ['GET', 'HEAD'].includes(request.method) ? 'read' : 'operate'
}

function tokenOf (key: string, tokens: readonly ApiToken[]): ApiToken | null {
  const digest = createHash('sha256').update(key).digest()
  let found: ApiToken | null = null
  for (const token of tokens) if (timingSafeEqual(digest, token.digest)) found = token
  return found
}

async function authentication (app: FastifyInstance, { tokens }: AuthenticationOptions): Promise<void> {
  app.decorateRequest('requestedBy', null)

  async function authenticate (request: FastifyRequest, known: readonly ApiToken[], access: TokenRole): Promise<void> {
    const key = request.headers['x-api-key']
    if (typeof key !== 'string' || key === '') throw new ApiError('key_missing', 'Send an API key in the header X-Api-Key.', { headers: CHALLENGE })
    const token = tokenOf(key, known)
    if (token === null) {
      await app.countFailedAuthentication(request)
      throw new ApiError('key_unknown', 'The key in the header X-Api-Key is none of those configured.', { headers: CHALLENGE })
    }
    request.requestedBy = token.description
    if (access === 'operate' && token.role !== 'operate') throw new ApiError('key_too_weak', 'This key may only read; use one with the role operate.')
  }

  app.addHook('onRequest', async (request) => {
    if (request.is404) return
    const access = needed(request)
    if (access === 'open') return
    const known = tokens()
    if (known !== undefined) await authenticate(request, known, access)
    if (access === 'operate') await app.countWrite(request)
  })
}

export default fp(authentication, { name: 'authentication', dependencies: ['problems', 'rate-limits'] })
