/** What the collectors say, in PVC's znodes on a real ZooKeeper. */
import t from 'tap'
import { CollectedPublisher } from '../../../src/pvcnoded/collectors/publisher.ts'
import type { Collected } from '../../../src/pvcnoded/collectors/collection.ts'
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
  t.equal(await text('monitoring_plugins'), 'raid')
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
