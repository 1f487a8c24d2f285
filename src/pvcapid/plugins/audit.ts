/**
 * One log line for each request that was to change something, however it ended: who asked for what, from where, and what became of it. Only
 * arguments that routes know are in it, cut to a length; keys never are. Readings are logged at `debug`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from '../../runtime/log.ts'
import { pathOf } from '../problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the problem that the request was answered with. */
    problemCode: string | null
    /** What became of the write that was asked for, as the reply says. */
    writeOutcome: string | null
  }
}

/** What may be asked for, by the names of the arguments. */
const told = ['to', 'from', 'reason', 'timeout', 'state', 'confirm', 'wait'] as const
const LONGEST = 500

function argumentsOf ({ query, body }: FastifyRequest): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const source of [query, body]) {
    if (typeof source !== 'object' || source === null) continue
    for (const name of told) {
      const value = Object.hasOwn(source, name) ? (source as Record<string, unknown>)[name] : undefined
      if (typeof value === 'string') found[name] = value.slice(0, LONGEST)
      else if (typeof value === 'number') found[name] = value
    }
  }
  return found
}

/** A reply's own `outcome`; one that has none says that it is done. */
function outcomeOf (payload: unknown): string {
  if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, 'outcome')) return 'done'
  const { outcome } = payload as { readonly outcome: unknown }
  return typeof outcome === 'string' ? outcome : 'in_progress'
}

const isReading = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

function lineOf ({ method, url, ip, requestedBy, problemCode }: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): Record<string, unknown> {
  return { method, path: pathOf(url), from: ip, by: requestedBy, status: statusCode, ...problemCode === null ? {} : { code: problemCode }, seconds: Math.round(elapsedTime) / 1000 }
}

async function audit (app: FastifyInstance, { log }: { readonly log: Logger }): Promise<void> {
  app.decorateRequest('problemCode', null)
  app.decorateRequest('writeOutcome', null)
  app.addHook('preSerialization', (request, _reply, payload: unknown, done) => {
    if (!isReading(request)) request.writeOutcome = outcomeOf(payload)
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    if (!isReading(request)) {
      if (!request.is404) request.log.info({ ...lineOf(request, reply), outcome: request.writeOutcome, asked: argumentsOf(request), location: reply.getHeader('location') }, 'a write was asked for')
    } else if (log.isLevelEnabled('debug')) {
      request.log.debug(lineOf(request, reply), 'answered')
    }
    done()
  })
}

export default fp(audit, { name: 'audit' })
