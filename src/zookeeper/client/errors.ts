/**
 * Every failure of `src/zookeeper`, as one error class with stable codes.
 *
 * Guarantees: a `ZooKeeperError` carries a code that is never reused, the numeric ZooKeeper code where there is one, the
 * verb and the path, and whether a write may have been applied. It never carries a payload: the native library's own
 * message is dropped, because one of its formats contains the data that was to be written.
 * Does not guarantee: that a write with `maybeApplied` was or was not applied. Read back before deciding.
 */

/** Code → what it means. A code, once published, keeps its meaning. */
export const ERROR_CODES = {
  connection_loss: 'not connected, or the connection went away before the answer came',
  session_expired: 'the servers have ended the session; its ephemeral znodes are gone',
  session_moved: 'the session has moved to another server meanwhile',
  operation_timeout: 'the client library gave up waiting for the answer',
  deadline: 'no answer within the deadline of this operation',
  connect_timeout: 'no session was established within the connect deadline',
  resolve_failed: 'none of the servers\' names could be resolved',
  connect_failed: 'the client library could not be started',
  no_node: 'the znode does not exist',
  node_exists: 'the znode exists already',
  bad_version: 'the znode is no longer at the expected version',
  not_empty: 'the znode has children',
  no_children_for_ephemerals: 'an ephemeral znode cannot have children',
  no_auth: 'not permitted by the znode\'s access list',
  auth_failed: 'the servers refused the session\'s credentials',
  auth_required: 'the servers close sessions that do not authenticate, and this project has no credentials for them',
  session_refused: 'the servers take new sessions and not this one: they were probably wiped, or restored to older data',
  session_unserved: 'the servers take this session again and again, and close each connection before they have answered a request; they may want sessions to authenticate',
  chroot_denied: 'the cluster\'s chroot does not exist, and ZooKeeper does not permit this process to make it; make it, or give the right to in the access list of the znode above',
  chroot_deleted: 'the cluster\'s chroot was deleted, and is not made again by a process that has used it; restore it, or restart a daemon of the cluster to begin an empty one',
  closed: 'the session was closed by this process',
  client_not_loaded: 'the native ZooKeeper client cannot be loaded by this Node: it is built for another one, or not at all; use the Node that it is built for, or build it with tools/patch-client.sh in the package\'s folder',
  client_unpatched: 'the zookeeper package was built without patches/zookeeper.patch and would disturb other connections of this process; run tools/patch-client.sh in the package\'s folder',
  invalid_argument: 'a path, value, version or option is not acceptable; nothing was sent',
  watch_overflow: 'the session watches more paths than one request can re-arm, and could not be resumed',
  lock_timeout: 'timed out waiting for the lock; the attempt was withdrawn',
  lock_lost: 'the lock is no longer held',
  lock_abandoned: 'the caller no longer wants the lock; the attempt was withdrawn',
  lock_unsettled: 'an earlier attempt of this process on this lock is not yet confirmed to be gone',
  aborted: 'the caller\'s signal was aborted',
  write_barred: 'this process refuses to write at present; nothing was sent',
  unknown: 'a code this project does not know',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** ZooKeeper's numeric codes, from the C client's `zookeeper.h`. */
const BY_NUMBER: Readonly<Record<number, ErrorCode>> = {
  // A reply that is not to the oldest request, as servers send it around an election: the client drops the connection and makes another.
  [-2]: 'connection_loss',
  [-4]: 'connection_loss',
  [-7]: 'operation_timeout',
  [-8]: 'invalid_argument',
  [-9]: 'closed',
  [-101]: 'no_node',
  [-102]: 'no_auth',
  [-103]: 'bad_version',
  [-108]: 'no_children_for_ephemerals',
  [-110]: 'node_exists',
  [-111]: 'not_empty',
  [-112]: 'session_expired',
  [-115]: 'auth_failed',
  [-116]: 'closed',
  [-118]: 'session_moved',
  [-124]: 'auth_required',
}

/** The answers that come from a server having judged the request, or from the client before sending: surely not applied. */
const SURELY_NOT_APPLIED: ReadonlySet<number> = new Set([-6, -8, -9, -101, -102, -103, -108, -110, -111, -114, -115, -124])

export const OPERATIONS = ['get', 'exists', 'children', 'create', 'set', 'delete', 'sync', 'connect', 'close', 'lock'] as const
export type Operation = (typeof OPERATIONS)[number]

const WRITES: ReadonlySet<Operation> = new Set<Operation>(['create', 'set', 'delete'])

export interface ZooKeeperErrorDetails {
  op: Operation
  path?: string | undefined
  /** The numeric code, 0 if the failure did not come from ZooKeeper. */
  zkCode?: number
  /** A write was sent and its outcome is not known. */
  maybeApplied?: boolean
  /** A few words more. Must never contain data. */
  detail?: string
  cause?: unknown
}

export class ZooKeeperError extends Error {
  readonly code: ErrorCode
  readonly zkCode: number
  readonly maybeApplied: boolean
  readonly op: Operation
  readonly path: string | undefined

  constructor (code: ErrorCode, details: ZooKeeperErrorDetails) {
    const where = details.path === undefined ? details.op : `${details.op} ${JSON.stringify(details.path)}`
    const more = details.detail === undefined ? '' : ` (${details.detail})`
    super(`${where}: ${ERROR_CODES[code]}${more}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ZooKeeperError'
    this.code = code
    this.zkCode = details.zkCode ?? 0
    this.maybeApplied = details.maybeApplied ?? false
    this.op = details.op
    this.path = details.path
  }
}

/** True if `op` changes something when it is applied. */
export function isWrite (op: Operation): boolean {
  return WRITES.has(op)
}

/**
 * The typed error for ZooKeeper's numeric code.
 * @param sent false if the request never left this process, so that a write was surely not applied
 */
export function fromZkCode (zkCode: number, op: Operation, path: string, sent: boolean): ZooKeeperError {
  const code = BY_NUMBER[zkCode] ?? 'unknown'
  const maybeApplied = sent && isWrite(op) && !SURELY_NOT_APPLIED.has(zkCode)
  return new ZooKeeperError(code, { op, path, zkCode, maybeApplied, ...(code === 'unknown' ? { detail: `code ${zkCode}` } : {}) })
}

export function isZooKeeperError (error: unknown): error is ZooKeeperError {
  return error instanceof ZooKeeperError
}

/** True if `error` is a `ZooKeeperError` with one of `codes`. */
export function hasCode (error: unknown, ...codes: ErrorCode[]): error is ZooKeeperError {
  return isZooKeeperError(error) && codes.includes(error.code)
}

export const isNoNode = (error: unknown): error is ZooKeeperError => hasCode(error, 'no_node')
export const isNodeExists = (error: unknown): error is ZooKeeperError => hasCode(error, 'node_exists')
export const isBadVersion = (error: unknown): error is ZooKeeperError => hasCode(error, 'bad_version')

/** A write that may or may not have been applied: read back before deciding. */
export function isMaybeApplied (error: unknown): error is ZooKeeperError {
  return isZooKeeperError(error) && error.maybeApplied
}

/** A key for failures that mean the same to a reader: the code alone for a failure of the link, else code, operation and path. */
export const kindOf = (error: ZooKeeperError): string => {
  const { code, op, path = '' } = error
  return isLinkFailure(error) || isSessionEnd(error) ? code : `${code} ${op} ${path}`
}

/** The link, not the request, is at fault: the same request may succeed once there is contact again. */
export function isLinkFailure (error: unknown): error is ZooKeeperError {
  return hasCode(error, 'connection_loss', 'operation_timeout', 'deadline', 'session_moved')
}

/** The servers serve no session that is not authenticated as they require: the next one will fare likewise. */
export function isUnauthenticated (error: unknown): boolean {
  return hasCode(error, 'auth_required', 'auth_failed')
}

/** The znode under which the cluster is cannot be used: the next session will fare likewise until an operator has done something about it. */
export function isChrootFailure (error: unknown): boolean {
  return hasCode(error, 'chroot_denied', 'chroot_deleted')
}

/** The servers are there, and have given the reason why this process cannot use them: no diagnosis is needed, and a retry at once would fare likewise. */
export function isTurnedAway (error: unknown): boolean {
  return isUnauthenticated(error) || isChrootFailure(error)
}

/** The session is over: nothing on it will ever succeed again. */
export function isSessionEnd (error: unknown): error is ZooKeeperError {
  return hasCode(error, 'session_expired', 'closed', 'auth_failed', 'auth_required', 'session_refused', 'session_unserved', 'chroot_denied', 'chroot_deleted', 'watch_overflow', 'connect_timeout', 'resolve_failed', 'connect_failed')
}
