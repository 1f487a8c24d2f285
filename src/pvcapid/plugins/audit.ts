/**
 * One log line for each request that was to change something, however it ended: who asked for what, from where, and what became of it. Only
 * arguments that routes know are in it, cut to a length; keys never are. Readings are logged at `debug`.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
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

const isReading = ({ method }: FastifyRequest) => ['GET', 'HEAD', 'OPTIONS'].includes(method)

async function audit (app: FastifyInstance): Promise<void> {
  app.decorateRequest('problemCode', null)
  app.decorateRequest('writeOutcome', null)
  app.addHook('onRequest', async (request, reply) => { reply.header('x-request-id', request.id) })
  app.addHook('preSerialization', async (request, _reply, payload: unknown) => {
    request.writeOutcome = outcomeOf(payload)
    return payload
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, ip, requestedBy, problemCode } = request
    const line = { method, path: pathOf(url), from: ip, by: requestedBy, status: reply.statusCode, ...problemCode === null ? {} : { code: problemCode }, seconds: Math.round(reply.elapsedTime) / 1000 }
    if (isReading(request)) request.log.debug(line, 'answered')
    else if (!request.is404) request.log.info({ ...line, outcome: request.writeOutcome, asked: argumentsOf(request), location: reply.getHeader('location') }, 'a write was asked for')
  })
}

export default fp(audit, { name: 'audit' })
