/**
 * Limits by the minute: of wrong keys from one address, and of writes by one key (one address where no key is needed). Over the limit is 429
 * with `Retry-After`, and nothing was done. An IPv6 address counts with all of its /64. A request that is malformed, names nothing that exists or is refused by its own condition is no write.
 *
 * A known key is never refused for the wrong ones of others that come from the same address, such as a proxy's: no client can lock an operator out.
 * What keeps keys from being guessed is their length.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '../../../schemas/replies.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ApiLimits } from '../config/api-config.ts'
import { clientAddress, clientOf } from '../http/client-address.ts'
import { ApiError } from '../errors/errors.ts'
import { MinuteCounter } from './minute-counter.ts'

export interface RateLimitsOptions {
  readonly clock: Clock
  readonly limits: Pick<ApiLimits, 'failedAuthentications' | 'writes'>
}

/** Replies to writes that were not tried: malformed, to nothing that exists, on a condition that does not hold. */
const NOTHING_DONE: ReadonlySet<number> = new Set([400, 404, 412])

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a wrong key. Throws `too_many_requests` over the limit. */
    countFailedAuthentication (request: FastifyRequest): void
    /** Counts a write, unless it turns out that nothing was tried. Throws `too_many_requests` over the limit. */
    countWrite (request: FastifyRequest): void
  }
  interface FastifyRequest {
    /** Whether it has a wrong key, also if it is refused because there were too many. */
    hasWrongKey: boolean
    /** Whose write it was counted as. */
    countedAs: string | null
  }
}

async function rateLimits (app: FastifyInstance, { clock, limits }: RateLimitsOptions): Promise<void> {
  const failed = new MinuteCounter(clock, limits.failedAuthentications)
  const writes = new MinuteCounter(clock, limits.writes)
  const address = (request: FastifyRequest): string => clientOf(clientAddress(request))
  const writer = (request: FastifyRequest): string => request.requestedBy === null ? `address ${address(request)}` : `key ${request.requestedBy}`

  const count = (counter: MinuteCounter, client: string, what: string): void => {
    const seconds = counter.take(client)
    if (seconds === null) return
    throw new ApiError('too_many_requests', `More than ${counter.limit} ${what} within a minute; try again in ${seconds} s.`, { headers: { 'retry-after': String(seconds) } })
  }
  app.decorateRequest('countedAs', null)
  app.decorateRequest('hasWrongKey', false)
  app.decorate('countFailedAuthentication', (request: FastifyRequest) => {
    request.hasWrongKey = true
    count(failed, address(request), 'wrong keys from this address')
  })
  app.decorate('countWrite', (request: FastifyRequest) => {
    const client = writer(request)
    count(writes, client, 'writes by this client')
    request.countedAs = client
  })
  // What the route's service finds malformed comes after it was counted.
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (request.countedAs !== null && NOTHING_DONE.has(reply.statusCode)) writes.giveBack(request.countedAs)
    done()
  })

  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/') || route.config?.access === 'open') return
    route.schema ??= {}
    route.schema.response = { ...route.schema.response as object | undefined, ...problems(429) }
  })
}

export default fp(rateLimits, { name: 'rate-limits', dependencies: ['problems'] })
