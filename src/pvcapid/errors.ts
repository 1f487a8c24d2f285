/**
 * Every error that the API answers with: a stable code, its HTTP status and its title. A code, once published, keeps its meaning. The
 * sentence (`detail`) says what is wrong this time and what to do.
 */

/** What became of the write that was asked for. */
export type WriteOutcome = 'not_started' | 'in_progress' | 'unknown'

/** Code → HTTP status and title. */
export const problems = {
  malformed_request: [400, 'The request is malformed'],
  argument_invalid: [400, 'An argument is wrong'],
  state_invalid: [400, 'The state asked for is missing or unknown'],
  state_repeated: [400, 'The state is given more than once'],
  pattern_invalid: [400, 'The pattern cannot be used'],
  key_missing: [401, 'An API key is needed'],
  key_unknown: [401, 'The API key is not known'],
  key_too_weak: [403, 'The API key does not allow this'],
  route_unknown: [404, 'There is no such route'],
  node_unknown: [404, 'There is no such node'],
  no_node_found: [404, 'No node fits'],
  epoch_unknown: [404, 'There is no such switchover'],
  method_not_allowed: [405, 'This route does not take this method'],
  switchover_in_flight: [409, 'Another switchover is in flight'],
  fence_not_confirmable: [409, 'The node cannot be confirmed to be down'],
  record_expired: [410, 'The record of this switchover is not kept any more'],
  precondition_failed: [412, 'It is not as you expected'],
  body_too_large: [413, 'The body is too large'],
  media_type_unsupported: [415, 'The body has a media type that this route does not take'],
  request_too_slow: [408, 'The request came too slowly'],
  too_many_requests: [429, 'Too many requests'],
  headers_too_large: [431, 'The headers are too large'],
  holder_unconfirmed: [422, 'A coordinator that may hold resources does not answer'],
  not_eligible: [422, 'Nobody is eligible'],
  node_not_a_coordinator: [400, 'The node is not a coordinator'],
  node_not_running: [400, 'The node is not running'],
  internal_error: [500, 'This API has a fault'],
  zookeeper_unavailable: [503, 'ZooKeeper cannot be reached'],
  lock_not_had: [503, 'The primary lock was not had in time'],
  outcome_unknown: [503, 'Whether the write was done is not known'],
  too_many_waiting: [503, 'Too many clients are waiting'],
  shutting_down: [503, 'This API is shutting down'],
  switchover_going_on: [503, 'The switchover was not over at the end of the wait'],
  switchover_failed: [502, 'The switchover failed'],
  switchover_timed_out: [504, 'The switchover was not done within its bound'],
  switchover_superseded: [409, 'A later change of the primary took its place'],
  switchover_not_applied: [503, 'The switchover was never begun'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>
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
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ApiError'
    this.code = code
    const [status, title] = problems[code]
    this.status = options.status ?? status
    this.title = title
    this.options = options
  }
}

/** Seconds after which it is worth while to try again. */
export const RETRY_AFTER = '1'

/** ZooKeeper was not reached before anything was written. */
export const zookeeperUnavailable = (cause?: unknown, outcome?: WriteOutcome) =>
  new ApiError('zookeeper_unavailable', 'ZooKeeper cannot be reached at present; the API goes on trying. Try again in a moment.', {
    cause, headers: { 'retry-after': RETRY_AFTER }, ...(outcome === undefined ? {} : { outcome }),
  })
