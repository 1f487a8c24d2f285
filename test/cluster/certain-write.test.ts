// What became of a write whose reply was lost, on a server that another one may still be ahead of.
import t from 'tap'
import { sureRead, sureWrite } from '../../src/cluster/certain-write.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import type { Session } from '../../src/zookeeper/session/session.ts'

/** A session that has moved to a server which does not show yet what the last one has forwarded: a sync brings it up to date. */
function movedSession () {
  const calls: string[] = []
  const state = { forwarded: false, applied: false, syncs: [] as Array<() => void> }
  const session = {
    over: false,
    whenConnected: async () => {},
    sync: async () => {
      calls.push('sync')
      state.syncs.shift()?.()
      state.applied ||= state.forwarded
    },
  } as unknown as Session
  const lost = () => new ZooKeeperError('connection_loss', { op: 'set', path: '/x', maybeApplied: true })
  const write = async () => {
    calls.push('write')
    if (state.forwarded) throw new ZooKeeperError('bad_version', { op: 'set', path: '/x' })
    state.forwarded = true
    throw lost()
  }
  const look = async () => {
    calls.push('look')
    return state.applied ? 'applied' as const : 'absent' as const
  }
  return { calls, state, session, write, look, lost }
}

t.test('a write that was in progress elsewhere is looked for only once it must show', async (t) => {
  const { calls, session, write, look } = movedSession()
  t.equal(await sureWrite(session, write, look), 'done', 'and not refused because of itself')
  t.strictSame(calls, ['write', 'sync', 'look'])
})

t.test('without contact for the sync it is looked for again', async (t) => {
  const { calls, state, session, write, look, lost } = movedSession()
  state.syncs.push(() => { throw lost() })
  t.equal(await sureWrite(session, write, look), 'done')
  t.strictSame(calls, ['write', 'sync', 'sync', 'look'])
})

t.test('what denies the look says nothing of the write', async (t) => {
  const { calls, session, write } = movedSession()
  const denied = () => new ZooKeeperError('no_auth', { op: 'get', path: '/x', zkCode: -102 })
  t.equal(await sureWrite(session, write, async () => { throw denied() }), 'unknown')
  t.strictSame(calls, ['write', 'sync'])
  await t.rejects(sureWrite(session, async () => { throw denied() }, async () => 'absent'), { code: 'no_auth', maybeApplied: false }, 'one that is denied itself was not applied')
})

t.test('an answer that the session has ended is the end of a reading, though the session does not know yet', async (t) => {
  const { session } = movedSession()
  t.equal(await sureRead(session, async () => { throw new ZooKeeperError('session_expired', { op: 'get', path: '/x' }) }), null)
})
