/** What a run of the daemon finds of the one before it: when that was last known to serve as primary, and nothing where that cannot be told. */
import t, { type Test } from 'tap'
import { put } from '../../../src/cluster/put.ts'
import { EarlierRun } from '../../../src/pvcnoded/registration/earlier-run.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'
import { connect, zookeeper } from '../../support/zookeeper.ts'

const transition = (direction: string) => JSON.stringify({ epoch: 4, direction, step: 2, of: 2, resource: null, released: [], since: '2026-01-01T00:00:00.000Z', error: null })
const modified = async (session: Session) => new Date((await session.get('/nodes/hv1/keepalive')).stat.mtime).toISOString()

async function primary (t: Test) {
  const session = await connect(t, await zookeeper(t))
  const write = async (texts: Readonly<Record<string, string>>) => { for (const [name, text] of Object.entries(texts)) await put(session, `/nodes/hv1/${name}`, text) }
  await write({ transition: transition('takeover'), daemonstate: 'run', routerstate: 'primary', keepalive: '100' })
  return { session, write }
}

t.test('a primary that was killed', async (t) => {
  const { session, write } = await primary(t)
  const earlier = new EarlierRun()
  t.equal(earlier.sign, null)
  await earlier.look(session, 'hv1')
  const sign = await modified(session)
  t.equal(earlier.sign, sign)

  t.comment('the same takeover, found again on another session: this process has written the keepalive since')
  await write({ keepalive: '105' })
  t.not(await modified(session), sign)
  await earlier.look(session, 'hv1')
  t.equal(earlier.sign, sign)
  await write({ routerstate: 'secondary', transition: transition('start') })
  await earlier.look(session, 'hv1')
  t.equal(earlier.sign, sign, 'it has released everything, and taken nothing over')

  t.comment('another takeover')
  await write({ routerstate: 'primary', transition: transition('takeover') })
  await earlier.look(session, 'hv1')
  t.equal(earlier.sign, await modified(session))
})

t.test('one that has released everything, and from which no node took over', async (t) => {
  const { session, write } = await primary(t)
  const earlier = new EarlierRun()
  await write({ daemonstate: 'stop', routerstate: 'secondary', transition: transition('relinquish') })
  await earlier.look(session, 'hv1')
  const stamp = async (name: string) => (await session.get(`/nodes/hv1/${name}`)).stat.mtime
  t.equal(earlier.sign, new Date(await stamp('routerstate')).toISOString(), 'when it had, where it does not say when it began to')
  await write({ resources: JSON.stringify({ resources: [{ name: 'ip', state: 'released', since: '2026-01-01T00:00:00.000Z', seconds: 2.5, epoch: 4 }] }) })
  await earlier.look(session, 'hv1')
  t.equal(earlier.sign, new Date(await stamp('transition') - 2_500).toISOString())
  const { sign } = earlier
  await write({ daemonstate: 'run', transition: transition('start') })
  await earlier.look(session, 'hv1')
  t.equal(earlier.sign, sign, 'it has started since, and taken nothing over')

  t.comment('it ended while it released')
  await write({ keepalive: '101', routerstate: 'relinquish', transition: transition('relinquish') })
  await earlier.look(session, 'hv1')
  t.equal(earlier.sign, await modified(session), 'it held everything still')
  await write({ transition: transition('relinquish').replace('"released":[]', '"released":["ip"]') })
  await earlier.look(session, 'hv1')
  t.equal(earlier.sign, new Date(await stamp('routerstate')).toISOString())
})

t.test('what says nothing of when it was held', async (t) => {
  const { session, write } = await primary(t)
  const sign = async (node = 'hv1') => {
    const earlier = new EarlierRun()
    await earlier.look(session, node)
    return earlier.sign
  }
  t.ok(await sign())
  const cases = [
    ['one that was judged dead and has not come back since', { daemonstate: 'dead' }, true],
    ['one that was fenced', { daemonstate: 'fenced', routerstate: 'secondary' }, true],
    ['one of which a fencer has only said so', { daemonstate: 'dead', routerstate: 'secondary' }, true],
    ['one that had rolled back by then', { daemonstate: 'dead', routerstate: 'secondary', transition: transition('takeover').replace('"error":null', '"error":{"code":"acquire_failed","message":"no"}') }, false],
    ['a run that ended in its start, and has a keepalive of its own', { daemonstate: 'init' }, false],
    ['the same, judged dead', { daemonstate: 'dead', transition: transition('start') }, false],
    ['a secondary', { routerstate: 'secondary' }, false],
    ['one in relinquish', { routerstate: 'relinquish', transition: transition('relinquish') }, true],
    ['what is malformed', { transition: 'oops' }, false],
  ] as const
  for (const [what, texts, isKnown] of cases) {
    await write({ daemonstate: 'run', routerstate: 'primary', transition: transition('takeover'), ...texts })
    t.equal(await sign() !== null, isKnown, what)
  }
  t.equal(await sign('hv2'), null, 'a node that registers for the first time')
  await session.delete('/nodes/hv1/keepalive', 0)
  await write({ transition: transition('takeover') })
  t.equal(await sign(), null)
  session.get = async (path) => { throw new ZooKeeperError('session_expired', { op: 'get', path }) }
  t.equal(await sign(), null, 'a session that has ended')
})
