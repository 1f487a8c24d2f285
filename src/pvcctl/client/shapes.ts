/**
 * Whether a reply has what pvcctl reads of it. What answers at an address need not be a pvcapid: a reply of another form is that of another program, and neither a
 * fault of pvcctl nor a success. Members that are not read are not looked at, so that a newer API may have more.
 */
type Kind = 'string' | 'number' | 'boolean' | 'array' | 'object'
/** A member by name; `?`: it may be null. */
type Members = Readonly<Record<string, Kind | `${Kind}?`>>

export type Shape = (value: unknown) => boolean

const kindOf = (value: unknown): string => value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value

const isOf = (value: unknown, kind: string): boolean => kind.endsWith('?') ? value === null || kindOf(value) === kind.slice(0, -1) : kindOf(value) === kind

const has = (members: Members): Shape => (value) =>
  kindOf(value) === 'object' && Object.entries(members).every(([name, kind]) => isOf((value as Record<string, unknown>)[name], kind))

const listOf = (shape: Shape): Shape => (value) => Array.isArray(value) && value.every(shape)

const each = (shape: Shape): Shape => (value) => Object.values(value as object).every(shape)
const and = (...shapes: readonly Shape[]): Shape => (value) => shapes.every((shape) => shape(value))
const member = (name: string, shape: Shape): Shape => (value) => shape((value as Record<string, unknown>)[name])

const condition = has({ code: 'string', severity: 'string', message: 'string', advice: 'string' })
const reasons = listOf(has({ message: 'string' }))

const switchover = and(
  has({
    epoch: 'number',
    state: 'string',
    done: 'boolean',
    outcome: 'string?',
    from: 'string?',
    to: 'string?',
    cause: 'string',
    started_at: 'string',
    timeout: 'number',
    finished_at: 'string?',
    progress: 'number',
    nodes: 'object',
    error: 'object?',
  }),
  member('nodes', each(has({ step: 'number', of: 'number' }))),
)

export const shapes = {
  message: has({ message: 'string' }),
  nodes: listOf(has({ name: 'string', daemon_state: 'string', coordinator_state: 'string', domain_state: 'string', pvc_version: 'string' })),
  status: and(
    has({ cluster_name: 'string', cluster_health: 'object', nodes: 'object', maintenance: 'string' }),
    member('cluster_health', has({ health: 'number' })),
    member('conditions', (value) => value === undefined || listOf(condition)(value)),
  ),
  primary: has({ name: 'string?', epoch: 'number?', since: 'string?', settled: 'boolean' }),
  switchover,
  /** Also what an API says that does not know what became of the request. */
  begun: (value: unknown) => switchover(value) || has({ code: 'string', message: 'string' })(value),
  history: listOf(and(switchover, has({ count: 'number', first_epoch: 'number' }))),
  eligibility: listOf(and(has({ name: 'string', eligible: 'boolean', reasons: 'array', unwilling: 'array' }), member('reasons', reasons), member('unwilling', reasons))),
  story: listOf(has({ at: 'string', event: 'string', message: 'string' })),
  health: and(has({ status: 'string', stale: 'boolean', conditions: 'array' }), member('conditions', listOf(condition))),
} as const satisfies Readonly<Record<string, Shape>>
