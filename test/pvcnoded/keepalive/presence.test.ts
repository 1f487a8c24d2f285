/** The presence of a node: its renewal, when a reply was lost and the daemon ends meanwhile, and one that no session made. */
import t, { type Test } from 'tap'
import { Presence, type PresenceContent } from '../../../src/pvcnoded/daemon/presence.ts'
import type { Stat } from '../../../src/zookeeper/client/connection.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'
import { systemClock, type Clock } from '../../../src/runtime/clock.ts'
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
  await new Presence(session, 'hv1', {} as PresenceContent, '').claim({ clock: systemClock, node: 'hv1', isOwn: () => false, onWait: () => {} })
  t.match((await session.get('/nodes/hv1/presence')).stat, { ephemeralOwner: session.id })
})

/** A presence of another session, and a claim to it for which time flies. @param at what happens at the second and the third wait, of twice the session time-out each */
async function claimed (t: Test, isOwn: boolean, at: (wait: number, session: Session, other: Session) => Promise<unknown>): Promise<{ readonly waited: readonly string[], readonly other: string, readonly claim: Promise<void> }> {
  const server = await zookeeper(t)
  const [session, other] = [await connect(t, server), await connect(t, server)]
  for (const path of ['/nodes', '/nodes/hv1', '/nodes/hv1/keepalive']) await session.create(path, '')
  await other.create('/nodes/hv1/presence', '{}', { ephemeral: true })
  let now = 0
  let waits = 0
  const clock: Clock = {
    ...systemClock,
    monotonic: () => now,
    after (ms, then) {
      const wait = ++waits
      if (wait <= 3) void (wait === 1 ? Promise.resolve() : at(wait, session, other)).then(() => { now += ms; then() })
      return { [Symbol.dispose] () {} }
    },
  }
  const waited: string[] = []
  const claim = new Presence(session, 'hv1', {} as PresenceContent, '').claim({ clock, node: 'hv1', isOwn: () => isOwn, onWait: (owner) => waited.push(owner) })
  return { waited, other: other.id, claim }
}

t.test('an earlier session of its own that lasts is waited for, however long', async (t) => {
  // The keepalive of a daemon that has lost its session may still come through.
  const { waited, other, claim } = await claimed(t, true, async (wait, session, other) => {
    if (wait === 2) await session.set('/nodes/hv1/keepalive', '1', 0)
    else await other.close()
  })
  await claim
  t.strictSame(waited, [other], 'and that is said once')
})

t.test('so is one of a daemon that writes no keepalive', async (t) => {
  const { claim } = await claimed(t, false, async (wait, _session, other) => { if (wait === 3) await other.close() })
  await claim
  t.pass('an earlier run, with a longer session time-out')
})

t.test('one that does is another daemon', async (t) => {
  const { other, claim } = await claimed(t, false, async (wait, session) => { if (wait === 2) await session.set('/nodes/hv1/keepalive', '1', 0) })
  await t.rejects(claim, { code: 'node_name_in_use', message: new RegExp(other) })
})
