/** What the collectors say, in PVC's znodes on a real ZooKeeper. */
import t from 'tap'
import { CollectedPublisher } from '../../../src/pvcnoded/collectors/publisher.ts'
import type { Collected } from '../../../src/pvcnoded/collectors/collection.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { connect, zookeeper } from '../../support/zookeeper.ts'

t.test('texts, checks and health; only what has changed', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await session.ensurePath('/nodes/hv1')
  const publisher = new CollectedPublisher(session, 'hv1', ['raid'])
  const at = '2026-01-01T00:00:01.900Z'
  const load: Collected = { name: 'load', reading: { znodes: { cpuload: '0.50' }, check: null }, fault: null, at, took: 1 }
  const raid: Collected = { name: 'raid', reading: { znodes: {}, check: { healthDelta: 30, message: 'slow', data: { a: 1 } } }, fault: null, at, took: 1_234 }
  const read = async (path: string) => await session.get(`/nodes/hv1/${path}`)
  const text = async (path: string) => (await read(path)).data

  await publisher.publish(load, [load, { ...raid, reading: null, at: null, fault: 'has not answered yet' }])
  t.equal(await text('cpuload'), '0.50')
  t.equal(await text('monitoring_plugins'), '', 'a check that has said nothing yet is in no list')
  t.equal(await text('monitoring_health'), '100')
  await publisher.publish(raid, [load, raid])
  t.equal(await text('monitoring_health'), '70')
  t.equal(await text('monitoring_data/raid'), 'raid')
  t.same(await Promise.all(['last_run', 'health_delta', 'message', 'data', 'runtime'].map(async (key) => await text(`monitoring_data/raid/${key}`))),
    ['1767225601', '30', 'slow', '{"a":1}', '1.23'])
  const hanging = { ...load, fault: 'did not answer within 2 s' }
  await publisher.publish(hanging, [hanging, { ...raid, fault: 'exited with 1' }])
  t.equal(await text('monitoring_plugins'), 'load raid', 'a value of the node\'s own that is old is shown among the checks')
  t.equal(await text('monitoring_data/load/message'), 'Old value (load did not answer within 2 s): ')
  await publisher.publish(load, [load, raid])
  t.equal((await read('cpuload')).stat.version, 0, 'what reads so already is not written')
  t.equal(await text('monitoring_plugins'), 'raid')
  await publisher.stop()
  await publisher.publish({ ...load, reading: { znodes: { cpuload: '9' }, check: null } }, [load])
  t.equal(await text('cpuload'), '0.50', 'nothing after it was stopped')
})

t.test('what another program writes over is put back', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await session.ensurePath('/nodes/hv1')
  const told: string[] = []
  const publisher = new CollectedPublisher(session, 'hv1', ['raid'], (path) => told.push(path))
  const raid: Collected = { name: 'raid', reading: { znodes: {}, check: { healthDelta: 30, message: 'slow', data: null } }, fault: null, at: '2026-01-01T00:00:00.000Z', took: 1 }
  const texts = async () => await Promise.all(['monitoring_plugins', 'monitoring_health'].map(async (key) => (await session.get(`/nodes/hv1/${key}`)).data))
  await publisher.publish(raid, [raid])
  await publisher.publish(raid, [raid])
  t.same([await texts(), told], [['raid', '70'], []])
  await session.set('/nodes/hv1/monitoring_plugins', 'disk load', 0)
  await session.set('/nodes/hv1/monitoring_health', 'None', 0)
  await publisher.publish(raid, [raid])
  t.same(await texts(), ['raid', '70'])
  t.same(told.sort(), ['/nodes/hv1/monitoring_health', '/nodes/hv1/monitoring_plugins'])
  await session.delete('/nodes/hv1/monitoring_health', ANY_VERSION)
  await publisher.publish(raid, [raid])
  t.same(await texts(), ['raid', '70'])
  await publisher.publish(raid, [raid])
  t.same(told.length, 2, 'nothing more to tell of')
})

t.test('a late write of an earlier session of this daemon is put right, and is no other program\'s', async (t) => {
  const server = await zookeeper(t)
  const [first, second] = [await connect(t, server), await connect(t, server)]
  await first.ensurePath('/nodes/hv1')
  const told: string[] = []
  const load = (cpuload: string): Collected => ({ name: 'load', reading: { znodes: { cpuload }, check: null }, fault: null, at: '2026-01-01T00:00:00.000Z', took: 1 })
  const before = new CollectedPublisher(first, 'hv1', [], (path) => told.push(path))
  await before.publish(load('0.50'), [load('0.50')])
  await before.stop()
  const publisher = new CollectedPublisher(second, 'hv1', [], (path) => told.push(path), before)
  await publisher.publish(load('0.75'), [load('0.75')])
  await first.set('/nodes/hv1/cpuload', '0.50', ANY_VERSION)
  await publisher.restore()
  t.same([(await second.get('/nodes/hv1/cpuload')).data, told], ['0.75', []])
  await first.set('/nodes/hv1/cpuload', '9', ANY_VERSION)
  await publisher.restore()
  t.same([(await second.get('/nodes/hv1/cpuload')).data, told], ['0.75', ['/nodes/hv1/cpuload']])
})

t.test('a check\'s own texts, and what it measured, are put back without a new reading', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await session.ensurePath('/nodes/hv1')
  const told: string[] = []
  const publisher = new CollectedPublisher(session, 'hv1', ['a', 'b'], (path) => told.push(path))
  const check = (name: string, delta: number): Collected => ({ name, reading: { znodes: { cpuload: '0.50' }, check: { healthDelta: delta, message: name, data: { name } } }, fault: null, at: '2026-01-01T00:00:00.000Z', took: 1 })
  const [a, b] = [check('a', 5), check('b', 6)]
  const all = async () => {
    const paths = ['cpuload', 'monitoring_plugins', 'monitoring_health', ...['a', 'b'].flatMap((name) => ['', '/last_run', '/health_delta', '/message', '/data', '/runtime', '/stale'].map((key) => `monitoring_data/${name}${key}`))]
    return await Promise.all(paths.map(async (path) => (await session.get(`/nodes/hv1/${path}`)).data))
  }
  await publisher.publish(a, [a, b])
  await publisher.publish(b, [a, b])
  const sound = await all()
  await publisher.restore()
  t.same([await all(), told], [sound, []])
  await session.set('/nodes/hv1/monitoring_data/a/health_delta', '77', ANY_VERSION)
  await session.set('/nodes/hv1/cpuload', '9', ANY_VERSION)
  await publisher.restore()
  t.same(await all(), sound)
  t.same(told.sort(), ['/nodes/hv1/cpuload', '/nodes/hv1/monitoring_data/a/health_delta'])
  await session.set('/nodes/hv1/monitoring_data/b/message', 'of another', ANY_VERSION)
  await publisher.publish(b, [a, b])
  t.same(await all(), sound, 'a new reading sees to its own')
  for (const path of ['a', 'b'].flatMap((name) => [...['last_run', 'health_delta', 'message', 'data', 'runtime', 'stale'].map((key) => `/${name}/${key}`), `/${name}`]).concat('')) await session.delete(`/nodes/hv1/monitoring_data${path}`, ANY_VERSION)
  await publisher.restore()
  t.same(await all(), sound, 'all of it was deleted')
  await Promise.all([publisher.restore(), publisher.publish(check('a', 9), [check('a', 9), b]), publisher.restore()])
  t.equal((await session.get('/nodes/hv1/monitoring_data/a/health_delta')).data, '9', 'the newest text lands last')
  t.same([publisher.has('/nodes/hv1/cpuload'), publisher.has('/nodes/hv1/memtotal')], [true, false])
  await publisher.stop()
  await session.set('/nodes/hv1/cpuload', '9', ANY_VERSION)
  await publisher.restore()
  t.equal((await session.get('/nodes/hv1/cpuload')).data, '9', 'nothing after it was stopped')
})

t.test('many publications at once, on a node that has none of the znodes: the newest text lands last', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const names = ['a', 'b', 'c', 'd']
  for (let round = 0; round < 30; round++) {
    const node = `hv${round}`
    await session.ensurePath(`/nodes/${node}`)
    const publisher = new CollectedPublisher(session, node, names)
    const reading = (name: string, delta: number): Collected => ({ name, reading: { znodes: { cpuload: `${delta}.00` }, check: { healthDelta: delta, message: `${delta}`, data: null } }, fault: null, at: '2026-01-01T00:00:00.000Z', took: 1 })
    let all = names.map((name) => reading(name, 0))
    const publications: Array<Promise<void>> = []
    for (let delta = 1; delta <= 5; delta++) {
      for (const name of names) {
        all = all.map((each) => each.name === name ? reading(name, delta) : each)
        publications.push(publisher.publish(reading(name, delta), all))
      }
    }
    await Promise.all(publications)
    const text = async (path: string) => (await session.get(`/nodes/${node}/${path}`)).data
    t.same(await Promise.all(['cpuload', 'monitoring_plugins', 'monitoring_health', ...names.map((name) => `monitoring_data/${name}/message`)].map(text)), ['5.00', 'a b c d', '80', '5', '5', '5', '5'], node)
  }
})
