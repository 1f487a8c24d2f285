/**
 * Limits by the minute: of wrong keys from one address, and of writes by one key (one address where no key is needed). Over the limit is 429
 * with `Retry-After`, and nothing was done.
 *
 * A known key is never refused for the wrong ones of others that come from the same address, such as a proxy's: nobody can lock an operator out.
 * What keeps keys from being guessed is their length.
 */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '../../../schemas/replies.ts'
import type { ApiLimits } from '../config.ts'
import { ApiError } from '../errors.ts'

export interface RateLimitsOptions {
  readonly limits: Pick<ApiLimits, 'failedAuthentications' | 'writes'>
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a wrong key. Throws `too_many_requests` over the limit. */
    countFailedAuthentication (request: FastifyRequest): Promise<void>
    /** Counts a write. Throws `too_many_requests` over the limit. */
    countWrite (request: FastifyRequest): Promise<void>
  }
}

const MINUTE = 60_000
/** Addresses or keys that are counted at once; the ones seen least lately are forgotten. */
const COUNTED = 10_000

async function rateLimits (app: FastifyInstance, { limits }: RateLimitsOptions): Promise<void> {
  await app.register(rateLimit, { global: false, cache: COUNTED })

  const counter = (max: number, what: string, keyGenerator: (request: FastifyRequest) => string) => {
    if (max === 0) return async (): Promise<void> => {}
    const count = app.createRateLimit({ max, timeWindow: MINUTE, keyGenerator })
    return async (request: FastifyRequest): Promise<void> => {
      const counted = await count(request)
      if (counted.isAllowed || !counted.isExceeded) return
      throw new ApiError('too_many_requests', `More than ${max} ${what} within a minute; try again in ${counted.ttlInSeconds} s.`, {
        headers: { 'retry-after': String(counted.ttlInSeconds) },
      })
    }
  }
  app.decorate('countFailedAuthentication', counter(limits.failedAuthentications, 'wrong keys from this address', ({ ip }) => ip))
  app.decorate('countWrite', counter(limits.writes, 'writes by this client', ({ requestedBy, ip }) => requestedBy === null ? `address ${ip}` : `key ${requestedBy}`))

  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/') || route.config?.access === 'open') return
    route.schema ??= {}
    route.schema.response = { ...route.schema.response as object | undefined, ...problems(429) }
  })
}

export default fp(rateLimits, { name: 'rate-limits', dependencies: ['problems'] })
