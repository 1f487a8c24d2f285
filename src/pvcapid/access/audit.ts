/**
 * One log line for each request that was to change something, however it ended: who asked for what, from where, and what became of it. Only
 * arguments that routes know are in it, cut to a length; keys never are. Readings are logged at `debug`. Of requests that were refused before the
 * cluster was looked at, readings with an unknown key among them, one client's first for each reason is logged, and then their number
 * (`refusal-log.ts`).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from '../../runtime/log/log.ts'
import type { Clock } from '../../runtime/clock.ts'
import { clientAddress, clientOf } from '../http/client-address.ts'
import { pathOf } from '../errors/problem.ts'
import { RefusalLog } from './refusal-log.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the problem that the request was answered with. */
    problemCode: string | null
    /** What became of the write that was asked for, as the reply says. */
    writeOutcome: string | null
  }
}

/** What may be asked for, by the names of the arguments. */
const told = ['to', 'from', 'reason', 'timeout', 'force', 'dry_run', 'state', 'confirm', 'wait'] as const
const LONGEST = 500
/** What is left of a character that the end falls into. */
const HALF = /[\uD800-\uDBFF]$/

function argumentsOf ({ query, body }: FastifyRequest): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const source of [query, body]) {
    if (typeof source !== 'object' || source === null) continue
    for (const name of told) {
      const value = Object.hasOwn(source, name) ? (source as Record<string, unknown>)[name] : undefined
      if (name === 'force' && Array.isArray(value)) found[name] = value.join(',').slice(0, LONGEST)
      else if (typeof value === 'string') found[name] = value.slice(0, LONGEST).replace(HALF, '')
      else if (typeof value === 'number' || typeof value === 'boolean') found[name] = value
    }
  }
  return found
}

/** A reply's own `outcome`; one that has none says that it is done, and a dry run never begins anything. */
function outcomeOf (payload: unknown): string {
  if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, 'outcome')) return 'done'
  const { outcome, dry_run: isDryRun } = payload as { readonly outcome: unknown, readonly dry_run?: boolean }
  if (isDryRun === true) return 'not_started'
  return typeof outcome === 'string' ? outcome : 'in_progress'
}

const isReading = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

function lineOf (request: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): Record<string, unknown> {
  const { method, url, requestedBy, problemCode } = request
  return { method, path: pathOf(url), from: clientAddress(request), by: requestedBy, status: statusCode, ...problemCode === null ? {} : { code: problemCode }, seconds: Math.round(elapsedTime) / 1000 }
}

/** Statuses of requests that were refused for what they are or whose they are, whatever the cluster is like. */
const REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 405, 408, 413, 415, 421, 429, 431])

async function audit (app: FastifyInstance, { log, clock }: { readonly log: Logger, readonly clock: Clock }): Promise<void> {
  const refusals = new RefusalLog({ clock, onSum: (sum) => log.info(sum, 'more requests like this one were refused within a minute') })
  app.addHook('onClose', async () => refusals[Symbol.dispose]())
  const isToBeLogged = (request: FastifyRequest, { statusCode }: FastifyReply): boolean =>
    !request.is404 && (!REFUSED.has(statusCode) || refusals.isFirst(clientOf(clientAddress(request)), request.problemCode ?? String(statusCode)))

  app.decorateRequest('problemCode', null)
  app.decorateRequest('writeOutcome', null)
  app.addHook('preSerialization', (request, _reply, payload: unknown, done) => {
    if (!isReading(request)) request.writeOutcome = outcomeOf(payload)
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    if (!isReading(request)) {
      if (isToBeLogged(request, reply)) request.log.info({ ...lineOf(request, reply), outcome: request.writeOutcome, asked: argumentsOf(request), location: reply.getHeader('location') }, 'a write was asked for')
    } else if (request.problemCode === 'key_unknown' && isToBeLogged(request, reply)) {
      request.log.info(lineOf(request, reply), 'a request with an unknown key was refused')
    } else if (log.isLevelEnabled('debug')) {
      request.log.debug(lineOf(request, reply), 'answered')
    }
    done()
  })
}

export default fp(audit, { name: 'audit' })
