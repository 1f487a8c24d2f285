// Every failure has a stable code; whether a write may have been applied is decided by what ZooKeeper said.
import t from 'tap'
import * as errors from '../../../src/zookeeper/client/errors.ts'

const { ZooKeeperError, fromZkCode } = errors

t.test('numbers to codes, and whether a write may have been applied', async (t) => {
  const cases: [number, errors.ErrorCode, boolean][] = [
    [-2, 'connection_loss', true], [-4, 'connection_loss', true], [-7, 'operation_timeout', true], [-116, 'closed', true], [-112, 'session_expired', true], [-118, 'session_moved', true],
    [-1, 'unknown', true], [-5, 'unknown', true],
    [-8, 'invalid_argument', false], [-9, 'closed', false], [-101, 'no_node', false], [-102, 'no_auth', false], [-103, 'bad_version', false],
    [-108, 'no_children_for_ephemerals', false], [-110, 'node_exists', false], [-111, 'not_empty', false], [-115, 'auth_failed', false],
  ]
  for (const [zkCode, code, maybeApplied] of cases) {
    t.match(fromZkCode(zkCode, 'set', '/a', true), { code, zkCode, maybeApplied, op: 'set', path: '/a' })
    t.match(fromZkCode(zkCode, 'set', '/a', false), { code, maybeApplied: false }, 'never sent')
    t.match(fromZkCode(zkCode, 'get', '/a', true), { code, maybeApplied: false }, 'a read')
  }
})

t.test('predicates', async (t) => {
  const error = (code: errors.ErrorCode, maybeApplied = false): errors.ZooKeeperError => new ZooKeeperError(code, { op: 'set', path: '/a', maybeApplied })
  t.ok(errors.isNoNode(error('no_node')))
  t.ok(errors.isNodeExists(error('node_exists')))
  t.ok(errors.isBadVersion(error('bad_version')))
  t.ok(errors.isLinkFailure(error('deadline')))
  t.notOk(errors.isLinkFailure(error('session_expired')))
  t.ok(errors.isSessionEnd(error('session_expired')))
  t.ok(errors.isMaybeApplied(error('deadline', true)))
  t.notOk(errors.isMaybeApplied(error('deadline')))
  t.notOk(errors.isMaybeApplied(new Error('no_node')))
  t.notOk(errors.hasCode(new Error('no_node'), 'no_node'))
  t.equal(error('no_node').message, 'set "/a": the znode does not exist')
  t.equal(new ZooKeeperError('aborted', { op: 'connect' }).message, 'connect: the caller\'s signal was aborted')
})

t.test('the codes are the published ones', async (t) => {
  // A code that disappears or changes its name breaks somebody: this list only grows.
  t.strictSame(Object.keys(errors.ERROR_CODES).sort(), [
    'aborted', 'auth_failed', 'auth_required', 'bad_version', 'chroot_deleted', 'chroot_denied', 'client_not_loaded', 'client_unpatched', 'closed', 'connect_failed', 'connect_timeout', 'connection_loss', 'deadline', 'invalid_argument',
    'lock_abandoned', 'lock_lost', 'lock_timeout', 'lock_unsettled', 'no_auth', 'no_children_for_ephemerals', 'no_node', 'node_exists', 'not_empty',
    'operation_timeout', 'resolve_failed', 'session_expired', 'session_moved', 'session_refused', 'session_unserved', 'unknown', 'watch_overflow', 'write_barred',
  ])
})
