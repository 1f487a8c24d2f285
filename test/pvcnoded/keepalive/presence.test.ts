/** The presence of a node: its renewal, when a reply was lost and the daemon ends meanwhile, and one that no session made. */
import t from 'tap'
import { Presence, type PresenceContent } from '../../../src/pvcnoded/daemon/presence.ts'
import type { Stat } from '../../../src/zookeeper/client/connection.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { connect, zookeeper } from '../../support/zookeeper.ts'

/** A presence whose version is another than it knows, and what it asks of its session. */
function outdated (whenRead: (presence: Presence) => void) {
  const asked: string[] = []
  let version = 0
  const session: Pick<Session, 'id' | 'set' | 'get'> = {
    id: '1',
    set: async (path, _data, expected) => {
      asked.push(`set ${String(expected)}`)
      if (expected !== 3) throw new ZooKeeperError('bad_version', { op: 'set', path })
      version = 4
      return { version } as Stat
    },
    get: async () => {
      asked.push('get')
      whenRead(presence)
      return { data: '', stat: { ephemeralOwner: '1', version: 3 } as Stat }
    },
  }
  const presence = new Presence(session as Session, 'hv1', {} as PresenceContent, '')
  return { presence, asked }
}

t.test('a renewal that finds another version is repeated at once', async (t) => {
  const { presence, asked } = outdated(() => {})
  t.equal(await presence.renew(1_000), true)
  t.strictSame(asked, ['set 0', 'get', 'set 3'])
})

t.test('and not after the end of its life: the final keepalive and stop come last', async (t) => {
  const { presence, asked } = outdated((presence) => presence[Symbol.dispose]())
  t.equal(await presence.renew(1_000), false)
  t.strictSame(asked, ['set 0', 'get'])
  t.equal(await presence.renew(1_000), false)
  t.strictSame(asked, ['set 0', 'get'])
})

t.test('a presence of no session, as an imported tree has it, bars no daemon', async (t) => {
  const session = await connect(t, await zookeeper(t))
  for (const path of ['/nodes', '/nodes/hv1', '/nodes/hv1/presence']) await session.create(path, '{"session":"7"}')
  await new Presence(session, 'hv1', {} as PresenceContent, '').claim(systemClock, 'hv1')
  t.match((await session.get('/nodes/hv1/presence')).stat, { ephemeralOwner: session.id })
})
