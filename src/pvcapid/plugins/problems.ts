/**
 * Every error as a problem (RFC 9457): those of this project as they say, the framework's under codes of our own, anything else as
 * `internal_error`, which alone is logged as a fault. An error of a route that writes says `not_started` unless it knows better, because
 * everything before the write is refused here.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError, zookeeperUnavailable, type ProblemCode } from '../errors.ts'
import { pathOf, problemBody, PROBLEM_TYPE } from '../problem.ts'
import { isZooKeeperError, isLinkFailure, isSessionEnd } from '../../zookeeper/errors.ts'

/** The framework's errors that are the client's. */
const framework: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_MAX_PARAM_LENGTH: 'malformed_request',
}

function fromValidation (error: FastifyError): ApiError {
  const where = error.validationContext ?? 'body'
  // An unknown field is reported twice; the second report names it and says what is wrong.
  const errors = (error.validation ?? []).filter(({ message }) => message !== 'schema is false').map(({ instancePath, message, params }) => {
    const unknown = params['additionalProperties']
    if (Array.isArray(unknown)) return { in: where, field: instancePath, message: `has unknown fields: ${unknown.join(', ')}` }
    const missing = params['requiredProperties']
    return { in: where, field: instancePath, message: `${message ?? 'is wrong'}${Array.isArray(missing) ? ` (${missing.join(', ')})` : ''}` }
  })
  const sentence = errors.map(({ field, message }) => `${field === '' ? where : field.slice(1)} ${message}`).join('; ')
  return new ApiError('argument_invalid', `${sentence}. Nothing was done; correct the request.`, { members: { errors } })
}

function translated (error: FastifyError): ApiError {
  if (error instanceof ApiError) return error
  if (error.validation !== undefined) return fromValidation(error)
  const code = framework[error.code]
  if (code !== undefined) return new ApiError(code, `${error.message}. Nothing was done; correct the request.`, { cause: error })
  if (error instanceof SyntaxError || (error.statusCode === 400 && error.code === undefined)) return new ApiError('malformed_request', `The body is not valid JSON (${error.message}).`, { cause: error })
  if (isZooKeeperError(error) && (isLinkFailure(error) || isSessionEnd(error))) return zookeeperUnavailable(error)
  return new ApiError('internal_error', 'The request could not be answered because of a fault in this API; its log says more.', { cause: error })
}

function send (error: ApiError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const writes = !['GET', 'HEAD', 'OPTIONS'].includes(request.method) && !request.is404
  request.problemCode = error.code
  const { outcome = error.status === 500 ? 'unknown' : 'not_started' } = error.options
  const body = problemBody(error, pathOf(request.url))
  reply.code(error.status).headers({ ...error.options.headers }).type(PROBLEM_TYPE)
  return reply.send(writes ? { ...body, outcome } : body)
}

async function problemReplies (app: FastifyInstance): Promise<void> {
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

  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') done(new ApiError('malformed_request', 'The header Host is missing. Nothing was done; correct the request.'))
    else done()
  })

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = translated(error)
    if (problem.status === 500) request.log.error({ err: error, method: request.method, path: pathOf(request.url) }, 'a request could not be answered')
    return send(problem, request, reply)
  })

  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url)
    const allowed = [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => [...methods]))].sort()
    if (allowed.length === 0 || allowed.includes(request.method)) return send(new ApiError('route_unknown', `There is no route ${path}; /docs lists all of them.`), request, reply)
    const allow = allowed.join(', ')
    return send(new ApiError('method_not_allowed', `${path} takes ${allow}, not ${request.method}.`, { headers: { allow } }), request, reply)
  })
}

/** For errors that come before any route, such as a path that cannot be decoded. */
export function frameworkProblem (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  send(translated(error), request, reply)
}

/** What a route's URL matches: parameters stand for one part of the path, `*` for the rest. */
function routePattern (url: string): RegExp {
  const parts = url.split('/').map((part) => part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('/')}/?$`)
}

export default fp(problemReplies, { name: 'problems' })
