/**
 * Every error that the API answers with: a stable code, its HTTP status and its title. A code, once published, keeps its meaning. The
 * sentence (`detail`) says what is wrong this time and what to do.
 */

/** What became of the write that was asked for. */
export type WriteOutcome = 'not_started' | 'in_progress' | 'unknown'

/** Code → HTTP status, title, and what to do. docs/errors.md is made from this list. */
export const problems = {
  malformed_request: [400, 'The request is malformed', 'Correct the request; nothing was done.'],
  argument_invalid: [400, 'An argument is wrong', 'Correct the argument that `errors` or `detail` names; nothing was done.'],
  body_not_taken: [400, 'The route takes no body', 'Leave the body out. `detail` names what the route takes: what is to be changed is named in the path or the query.'],
  state_invalid: [400, 'The state asked for is missing or unknown', 'Give one of the states that `detail` lists.'],
  state_repeated: [400, 'The state is given more than once', 'Give it once, in the query or in the form.'],
  pattern_invalid: [400, 'The pattern cannot be used', 'Write a regular expression of Python\'s that can be matched in linear time: without look-around and back-references. `detail` names what is in the way.'],
  key_missing: [401, 'An API key is needed', 'Send a key in the header `X-Api-Key`.'],
  key_unknown: [401, 'The API key is not known', 'Look at `pvc.api.authentication.tokens`; a changed file is read on SIGHUP.'],
  key_too_weak: [403, 'The API key does not allow this', 'Use a key of the role `operate`.'],
  cross_site: [403, 'The request comes from a web page of another site', 'Name its origin in `pvc.api.allowed_origins` if its pages may use this API.'],
  host_unknown: [403, 'The request names this API by a host that is not known', 'Name the host in `pvc.api.hostnames`, or switch authentication on; instead of a client certificate send a key.'],
  route_unknown: [404, 'There is no such route', '`/docs` and docs/http.md list all routes.'],
  node_unknown: [404, 'There is no such node', '`GET /api/v1/node` lists them.'],
  fault_unknown: [404, 'There is no such fault', '`GET /api/v1/faults` lists them.'],
  no_node_found: [404, 'No node fits', 'Look at the filter.'],
  epoch_unknown: [404, 'There is no such switchover', '`GET /api/v1/primary` has the present epoch.'],
  method_not_allowed: [405, 'This route does not take this method', 'The header `Allow` names those that it takes.'],
  switchover_in_flight: [409, 'Another switchover is in flight', 'Follow the one in `Location` to its end, then ask again.'],
  key_contended: [409, 'Another program writes the primary key at the same time', 'Nothing was written. The present primary and epoch are in the answer: ask again after `Retry-After`.'],
  fence_not_confirmable: [409, 'The node cannot be confirmed to be down', '`reasons` says why; only a node that a peer has judged dead, or that has stopped without saying that it released everything, and that has given no sign of life since can be confirmed, or a node of PVC\'s that has written no keepalive for 60 s.'],
  node_not_removable: [409, 'The node cannot be removed', 'Nothing was done. `reasons` says why, and what to do for each reason: only a node that is stopped or confirmed fenced, and that nothing depends on, is removed.'],
  epoch_unrecorded: [410, 'There is no record of this epoch', 'Another program wrote the primary key, and it was written again before there was a record; or the record cannot be read. `GET /api/v1/switchover` lists the switchovers that are on record.'],
  record_expired: [410, 'The record of this switchover is not kept any more', 'The newest 1,000 are kept.'],
  precondition_failed: [412, 'It is not as you expected', 'The present primary and epoch are in the answer: decide again.'],
  body_too_large: [413, 'The body is too large', 'Send less; a wish for a switchover is small.'],
  body_in_pieces: [413, 'The body came in too many pieces', 'Send it with `Content-Length`, or in fewer and longer chunks; nothing was done.'],
  media_type_unsupported: [415, 'The body has a media type that this route does not take', 'Send `application/json`. PVC\'s own routes take a form, and beside `?state=` any body.'],
  encoding_unsupported: [415, 'The body is in an encoding that this API does not take', 'Send the body without `Content-Encoding`.'],
  request_too_slow: [408, 'The request came too slowly', 'Send the whole request at once.'],
  too_many_requests: [429, 'Too many requests', 'Wait for `Retry-After`; `pvc.api.limits` has the limits.'],
  too_many_pipelined: [429, 'Too many requests at once on one connection', 'Wait for replies before sending more; this request and those behind it were not begun.'],
  headers_too_large: [431, 'The headers are too large', 'Send fewer or shorter headers.'],
  holder_unconfirmed: [422, 'A coordinator that may hold resources does not answer', 'Once it is certain that the node is down, confirm it at the route in `confirmation`; then ask again.'],
  not_eligible: [422, 'No coordinator is eligible', '`reasons` has every reason for each candidate: mend what they name. `force` in the request overrides what is a preference.'],
  node_not_a_coordinator: [400, 'The node is not a coordinator', 'Hypervisors have no part in the primary role.'],
  node_not_running: [400, 'The node is not running', 'Start its pvcnoded.'],
  internal_error: [500, 'This API has a fault', 'Report it, with the lines of the log that carry its request id.'],
  http_version_unsupported: [505, 'This version of HTTP is not spoken here', 'Ask by HTTP/1.1.'],
  zookeeper_unavailable: [503, 'ZooKeeper cannot be reached', 'Try again after `Retry-After`. If `outcome` is `in_progress`, follow `Location` instead.'],
  chroot_unusable: [503, 'The chroot of the cluster cannot be used', '`detail` says whether it may not be made, or was deleted. Make or restore the znode that it names, or give this API the right to; no daemon has to be restarted then.'],
  zookeeper_permission: [503, 'ZooKeeper does not permit this', 'Look at the access list of the path that `detail` names (`getAcl` of zkCli.sh), and give this API the right.'],
  schema_too_new: [503, 'The cluster\'s layout is newer than this API knows', 'Install a pvcapid that knows the version of PVC\'s layout that `detail` names, or ask PVC\'s own API. Readings continue.'],
  lock_not_had: [503, 'Timed out waiting for the primary lock', 'Retry after `Retry-After`. If it stays held, the message names the holder, and "A lock that is not released" in docs/operations.md says what to do.'],
  outcome_unknown: [503, 'Whether the write was done is not known', 'Follow `Location`; it tells once ZooKeeper answers.'],
  too_many_waiting: [503, 'Too many clients are waiting', 'Try again after `Retry-After`, or raise `pvc.api.limits.waiters`.'],
  shutting_down: [503, 'This API is shutting down', 'Ask another API.'],
  switchover_going_on: [503, 'The switchover was not over at the end of the wait', 'Ask the same again to wait on for the same switchover, or follow `Location`.'],
  served_by_pvc: [501, 'PVC\'s own API serves this', 'Ask PVC\'s own API: this one serves nodes, the cluster and its primary alone.'],
  switchover_failed: [502, 'The switchover failed', '`error` names the resource and the reason.'],
  switchover_timed_out: [504, 'The switchover was not done within its bound', '`nodes` shows how far each node has come; it was rolled back.'],
  switchover_superseded: [409, 'A later change of the primary took its place', '`continued_by` is the epoch that took its place, or null: then another write took this very epoch.'],
  switchover_not_applied: [503, 'The switchover was never begun', 'Ask again.'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string, advice: string]>>
export type ProblemCode = keyof typeof problems

export interface ProblemOptions {
  /** Another status than the code's own, where PVC's differs. */
  readonly status?: number
  readonly outcome?: WriteOutcome
  /** For PVC's clients, where PVC has an object instead of the sentence. */
  readonly message?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** More members of the problem object. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** An error that the client is told of. `message` is the detail. */
export class ApiError extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly options: ProblemOptions

  constructor (code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    // It is an answer: its stack would tell nothing, and costs more than all else about a refusal.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'ApiError'
    this.code = code
    const [status, title] = problems[code]
    this.status = options.status ?? status
    this.title = title
    this.options = options
  }
}

/** Characters of a name that a client has sent, in a sentence: no name of a node is longer. */
const LONGEST_NAME = 64

/** As the beginning of a sentence. What a client has sent is quoted so that no character of it does anything to a terminal. */
export const noNodeNamed = (node: string): string => `There is no node named ${JSON.stringify(node.slice(0, LONGEST_NAME))}`

export const nodeUnknown = (node: string, options: ProblemOptions = {}): ApiError => new ApiError('node_unknown', `${noNodeNamed(node)}; GET /api/v1/node lists them.`, options)

/** The client has closed its connection. The request ends without a reply. */
export class ClientGone extends Error {
  constructor () {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super('the client has closed its connection')
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'ClientGone'
  }
}

/**
 * The same error, which also says that nothing was written and nothing will be, where that is known. What an error of a write does not say
 * is `unknown`. Anything else than an `ApiError` is left as it is.
 */
export function asNotStarted (error: unknown): unknown {
  if (!(error instanceof ApiError) || error.options.outcome !== undefined) return error
  return new ApiError(error.code, error.message, { ...error.options, status: error.status, outcome: 'not_started', cause: error })
}

/** Seconds after which it is worth while to try again. */
export const RETRY_AFTER = '1'

/** What an access list of ZooKeeper's denies: named by operation and path, never with what was to be written. */
export const zookeeperPermission = (operation: string, path: string | null | undefined, cause?: unknown, outcome?: WriteOutcome) =>
  new ApiError('zookeeper_permission', `ZooKeeper does not permit the operation ${operation}${path == null ? '' : ` on ${path}`} to this API. Give it the right in the access list of that znode.`, {
    cause, ...(outcome === undefined ? {} : { outcome }),
  })

/** @param sentence names the version of the layout, and the supported ones */
export const schemaTooNew = (sentence: string, cause?: unknown, outcome?: WriteOutcome) =>
  new ApiError('schema_too_new', `${sentence} Install one that knows it, or ask PVC's own API.`, { cause, ...(outcome === undefined ? {} : { outcome }) })

/** ZooKeeper, or this API itself, does not permit the write, which was never applied. */
export const isDenial = (error: unknown): error is ApiError => error instanceof ApiError && (error.code === 'zookeeper_permission' || error.code === 'schema_too_new')

export const zookeeperUnavailable = (cause?: unknown, outcome?: WriteOutcome) =>
  new ApiError('zookeeper_unavailable', 'ZooKeeper cannot be reached at present; the API keeps trying. Try again in a moment.', {
    cause, headers: { 'retry-after': RETRY_AFTER }, ...(outcome === undefined ? {} : { outcome }),
  })

/** ZooKeeper serves, and the znode under which the cluster is cannot be used. */
export const chrootUnusable = ({ message }: Error, options: ProblemOptions) =>
  new ApiError('chroot_unusable', `The chroot of this cluster cannot be used: ${message}. The API keeps trying.`, options)
