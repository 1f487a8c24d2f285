/** A node notices that another program has changed or deleted what it has published of itself. */
import t, { type Test } from 'tap'
import { OwnStates } from '../../../src/pvcnoded/daemon/own-states.ts'
import { OwnZnodes } from '../../../src/pvcnoded/daemon/own-znodes.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { connect, eventually, zookeeper } from '../../support/zookeeper.ts'

const node = '/nodes/hv1'

async function published (t: Test) {
  const session = await connect(t, await zookeeper(t))
  for (const path of ['/nodes', node]) await session.create(path, '')
  const own = new OwnZnodes(session, 'hv1')
  await own.adopt(['daemonstate', 'routerstate', 'transition'])
  for (const [name, value] of [['daemonstate', 'run'], ['routerstate', 'secondary'], ['transition', '{}']] as const) await own.write(name, value)
  await session.create(`${node}/presence`, '{}', { ephemeral: true })
  const presence = { isThere: async () => await session.exists(`${node}/presence`) !== null }
  const clock = new ManualClock()
  const reasons: string[] = []
  let looks = 0
  const counted = { difference: async (names: Parameters<OwnZnodes['difference']>[0]) => { const found = await own.difference(names); looks += 1; return found } }
  const states = new OwnStates({ session, clock, presence, own: counted, onDifference: (reason) => reasons.push(reason) })
  t.teardown(() => { states[Symbol.dispose]() })
  return { session, own, clock, reasons, looks: () => looks }
}

t.test('what is as it was written', async (t) => {
  const { own, clock, reasons, looks } = await published(t)
  clock.advance(5_000)
  await eventually(() => looks() === 1)
  await own.write('routerstate', 'takeover')
  clock.advance(5_000)
  await eventually(() => looks() === 2)
  t.strictSame(reasons, [])
  const writing = own.write('routerstate', 'primary')
  t.equal(await own.difference(['routerstate']), null, 'its own write in progress')
  await writing
})

for (const [what, reason, path, value] of [
  ['a state that is overwritten', 'another program has changed or deleted the state of this node', 'daemonstate', 'None'],
  ['the same, with the same text', 'another program has changed or deleted the state of this node', 'routerstate', 'secondary'],
  ['a state that is deleted', 'another program has changed or deleted the state of this node', 'transition', null],
  ['a presence that is deleted', 'the presence of this node was deleted', 'presence', null],
] as const) {
  t.test(what, async (t) => {
    const { session, clock, reasons } = await published(t)
    if (value === null) await session.delete(`${node}/${path}`, ANY_VERSION)
    else await session.set(`${node}/${path}`, value, ANY_VERSION)
    clock.advance(5_000)
    await eventually(() => reasons.length > 0)
    t.strictSame(reasons, [reason])
  })
}

t.test('older data', async (t) => {
  const { session, own } = await published(t)
  await own.write('daemonstate', 'shutdown')
  await session.delete(`${node}/daemonstate`, ANY_VERSION)
  await session.create(`${node}/daemonstate`, 'run')
  t.equal(await own.difference(['daemonstate', 'routerstate']), 'older')
})

t.test('a state that is deleted and made again, up to the version it had', async (t) => {
  const { session, own } = await published(t)
  await own.write('daemonstate', 'shutdown')
  t.equal(await own.difference(['daemonstate']), null)
  await session.delete(`${node}/daemonstate`, ANY_VERSION)
  await session.create(`${node}/daemonstate`, 'run')
  await session.set(`${node}/daemonstate`, 'shutdown', ANY_VERSION)
  t.equal(await own.difference(['daemonstate']), 'changed')
})
