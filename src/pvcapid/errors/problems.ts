/**
 * Every error as a problem (RFC 9457): those of this project as they say, the framework's under codes of our own, anything else as
 * `internal_error`, which alone is logged as a fault.
 *
 * An error about a write says what became of it: `not_started` if it came before the route's handler, which alone can write; after that
 * `unknown`, unless the error itself knows better.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { argumentProblem } from './argument-problem.ts'
import type { BasePath } from '../http/base-path.ts'
import { requestFault } from '../request/request-faults.ts'
import { isDisguised } from '../request/request-target.ts'
import { ApiError, asNotStarted, chrootUnusable, ClientGone, schemaTooNew, zookeeperPermission, zookeeperUnavailable } from './errors.ts'
import { frameworkError } from './framework.ts'
import { pathOf, problemBody, PROBLEM_TYPE } from './problem.ts'
import { barSentence } from '../../cluster/denial.ts'
import { hasCode, isZooKeeperError, isLinkFailure, isSessionEnd } from '../../zookeeper/client/errors.ts'

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Routes of PVC's client that this API leaves to PVC's own API. */
const BY_PVC = /^\/api\/v1\/(?:vm|network|sriov|storage|provisioner|initialize|backup|restore|login|logout|doc|metrics\/(?:ceph|zookeeper)|tasks\/[^/]+)(?:\/|$)/

declare module 'fastify' {
  interface FastifyRequest {
    /** The route's handler has been called: from then on something may have been written. */
    isHandled: boolean
  }
}

function translated (error: FastifyError, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error
  if (error.validation !== undefined) return argumentProblem(error)
  // The client is gone, and reads no reply.
  if (error.code === 'ECONNRESET' || error.message === 'aborted') return new ApiError('malformed_request', 'The body ended before its end. Nothing was done; send all of it.', { cause: error })
  const known = frameworkError(error, request)
  if (known !== null) return known
  if (error instanceof SyntaxError || (error.statusCode === 400 && error.code === undefined)) return new ApiError('malformed_request', `The body is not valid JSON (${error.message}). Nothing was done; correct the request.`, { cause: error })
  if (hasCode(error, 'no_auth')) return zookeeperPermission(error.op, error.path, error)
  const barred = barSentence(error)
  if (barred !== null) return schemaTooNew(barred, error)
  if (isZooKeeperError(error) && (isLinkFailure(error) || isSessionEnd(error))) return zookeeperUnavailable(error)
  return new ApiError('internal_error', 'The request could not be answered because of a fault in this API; its log says more.', { cause: error })
}

/** @param instance as hooks have it, which put the path before it that the client sees */
function send (error: ApiError, request: FastifyRequest, reply: FastifyReply, instance = pathOf(request.url)): FastifyReply {
  const writes = !READING.has(request.method) && !request.is404
  request.problemCode = error.code
  const { outcome = request.isHandled ? 'unknown' : 'not_started' } = error.options
  const body = problemBody(error, instance)
  reply.code(error.status).headers({ ...error.options.headers }).type(PROBLEM_TYPE)
  return reply.send(writes ? { ...body, outcome } : body)
}

export interface ProblemReplyOptions {
  readonly basePath: BasePath
  /** Why the chroot of the cluster cannot be used; null if it can, or if nothing is known. */
  readonly chrootFailure: () => Error | null
}

async function problemReplies (app: FastifyInstance, { basePath, chrootFailure }: ProblemReplyOptions): Promise<void> {
  const routes: Array<{ readonly pattern: RegExp, readonly methods: Set<string> }> = []
  const byUrl = new Map<string, Set<string>>()

  app.addHook('onRoute', ({ url, method }) => {
    const methods = byUrl.get(url) ?? new Set<string>()
    if (!byUrl.has(url)) {
      byUrl.set(url, methods)
      routes.push({ pattern: routePattern(url), methods })
    }
    for (const name of [method].flat()) methods.add(name)
  })

  app.decorateRequest('isHandled', false)
  app.addHook('onRequest', (request, _reply, done) => {
    done(requestFault(request.raw) ?? disguised(request) ?? undefined)
  })
  // The last hook before the handler.
  app.addHook('preHandler', (request, _reply, done) => {
    request.isHandled = true
    done()
  })

  const notFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = pathOf(request.url)
    if (BY_PVC.test(path)) return send(new ApiError('served_by_pvc', `${basePath.seen(request, path)} is served by PVC's own API alone; this one serves nodes, the cluster and its primary. Ask PVC's own API.`, { outcome: 'not_started' }), request, reply)
    // The target * stands for all of them.
    const allowed = [...new Set(routes.filter(({ pattern }) => path === '*' || (!path.includes('//') && pattern.test(path))).flatMap(({ methods }) => [...methods]))].sort()
    const seen = basePath.seen(request, path)
    if (allowed.length === 0 || (path !== '*' && allowed.includes(request.method))) return send(new ApiError('route_unknown', `There is no route ${seen}${path.includes('//') ? ', with an empty part in it' : path.endsWith('/') && path !== '/' ? ', with an empty part at its end' : ''}; ${basePath.seen(request, '/docs')} lists all of them.`), request, reply)
    const allow = [...new Set([...allowed, 'OPTIONS'])].sort().join(', ')
    // A preflight is no question about methods: one that reaches this is refused.
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] === undefined) return reply.code(204).header('allow', allow).send()
    if (request.method === 'OPTIONS') return send(new ApiError('cross_site', `The web page ${String(request.headers.origin ?? 'that asks').slice(0, 200)} may not use this API. Nothing was done. Name its origin in pvc.api.allowed_origins if it may.`), request, reply)
    return send(new ApiError('method_not_allowed', `${seen} takes ${allow}, not ${request.method}.`, { headers: { allow } }), request, reply)
  }
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof ClientGone) {
      // The client is gone, so no reply is sent.
      reply.hijack()
      return
    }
    // What has no route is told so, whatever the framework finds wrong with its body.
    if (request.is404 && !(error instanceof ApiError) && error.code?.startsWith('FST_') === true) return notFound(request, reply)
    const found = translated(error, request)
    const failure = found.code === 'zookeeper_unavailable' ? chrootFailure() : null
    const problem = failure === null ? found : chrootUnusable(failure, found.options)
    if (problem.status === 500) request.log.error({ err: error, method: request.method, path: pathOf(request.url) }, 'a request could not be answered')
    return send(problem, request, reply)
  })
  app.setNotFoundHandler(notFound)
}

/** A proxy that does not decode paths would not know the route. */
function disguised ({ is404, url, routeOptions }: FastifyRequest): ApiError | null {
  if (is404 || routeOptions.url === undefined || !isDisguised(url, routeOptions.url)) return null
  return new ApiError('malformed_request', `The path has percent-encoded characters where ${routeOptions.url.replace(/:\w+/g, (name) => `{${name.slice(1)}}`)} has a fixed word. Nothing was done; write the path as it is in docs/http.md.`)
}

/** For errors that come before any route and its hooks, such as a path that cannot be decoded. */
export function frameworkProblem (error: FastifyError, request: FastifyRequest, reply: FastifyReply, basePath: BasePath): void {
  const problem = requestFault(request.raw) ?? translated(error, request)
  send(READING.has(request.method) ? problem : asNotStarted(problem) as ApiError, request, reply, basePath.seen(request, pathOf(request.url)))
}

/** What a route's URL matches: parameters stand for one part of the path, `*` for the rest. */
function routePattern (url: string): RegExp {
  const parts = url.split('/').map((part) => part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('/')}/?$`)
}

export default fp(problemReplies, { name: 'problems' })
