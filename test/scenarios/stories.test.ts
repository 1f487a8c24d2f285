// What the record of a switchover says of the role that was lost before: from whom, since when, and who ended that.
import t from 'tap'
import type { SwitchoverRecord } from '../../src/core/model/record.ts'
import type { Cluster } from '../support/scenario/cluster.ts'
import { scenario } from '../support/scenario/scenario.ts'

/** Every record that was made after `epoch`. */
const since = ({ store }: Cluster, epoch: number): readonly SwitchoverRecord[] => store.records.map(({ record }) => record).filter((record) => record.epoch > epoch)

/** hv1 becomes primary and stops in order, without a successor; returns when it had released everything. */
function stopsInOrder (cluster: Cluster): string | null {
  cluster.boot('hv1')
  cluster.advance(10)
  cluster.shutdown('hv1')
  cluster.advance(10)
  return cluster.store.member('hv1').stateSince
}

scenario(t, 'A request ends what a dead primary has left behind', (cluster, t) => {
  for (const name of ['hv2', 'hv3']) cluster.store.prefer(name, { priority: 0 })
  cluster.boot('hv1', 'hv2', 'hv3')
  cluster.advance(10)
  cluster.powerOff('hv1')
  cluster.advance(12)
  cluster.confirmFenced('hv1')
  cluster.advance(10)
  t.equal(cluster.store.key?.value, 'hv1', 'no node takes over by itself')
  cluster.request({ to: 'hv3', reason: 'hv2 is to be replaced' })
  cluster.advance(10)
  t.match(cluster.store.record(2), { from: 'hv1', to: 'hv3', cause: 'request', requested_by: 'ops', reason: 'hv2 is to be replaced', outcome: 'succeeded', evidence: { node: 'hv1', daemon_state: 'fenced' } })
})

scenario(t, 'A request from a dead primary alone', (cluster, t) => {
  cluster.boot('hv1')
  cluster.advance(10)
  cluster.store.prefer('hv2', { priority: 0 })
  cluster.boot('hv2')
  cluster.advance(5)
  cluster.powerOff('hv1')
  cluster.advance(12)
  cluster.confirmFenced('hv1')
  cluster.advance(1)
  cluster.store.prefer('hv2', {})
  cluster.request({ from: 'hv1' })
  cluster.advance(10)
  for (const record of since(cluster, 1)) t.match(record, { from: 'hv1', evidence: { node: 'hv1' } }, `the ${record.cause}`)
  t.match(cluster.look(), /hv2 run\/primary holds/)
})

scenario(t, 'A node takes over where the primary has stopped in order', (cluster, t) => {
  const stopped = stopsInOrder(cluster)
  cluster.boot('hv2')
  cluster.advance(10)
  const record = cluster.store.record(3)
  t.match(record, { from: 'hv1', to: 'hv2', cause: 'contention', outcome: 'succeeded', last_held_at: stopped, evidence: null })
  t.equal(record?.reason, `The primary key named no node. hv1 was last known to hold the role at ${stopped}.`)
})

scenario(t, 'Every attempt after a release says from whom the role was lost', (cluster, t) => {
  const stopped = stopsInOrder(cluster)
  for (const name of ['hv2', 'hv3']) {
    cluster.boot(name)
    cluster.failAcquire(name, 'dhcp')
  }
  cluster.advance(15)
  const attempts = since(cluster, 2)
  t.ok(attempts.some(({ cause, to }) => cause === 'rollback' && to === null), 'a rollback leaves the key to nobody')
  for (const { epoch, cause, from, last_held_at: held } of attempts) t.strictSame({ from, held }, { from: 'hv1', held: stopped }, `${epoch}: the ${cause}`)
  for (const name of ['hv2', 'hv3']) cluster.mend(name, 'dhcp')
  cluster.advance(60)
  t.match(cluster.store.records.at(-1)?.record, { from: 'hv1', outcome: 'succeeded', last_held_at: stopped })
})

scenario(t, 'A taker rolls back when the former primary has released everything', (cluster, t) => {
  cluster.boot('hv1', 'hv2')
  cluster.advance(10)
  const [from, to] = cluster.store.key?.value === 'hv1' ? ['hv1', 'hv2'] : ['hv2', 'hv1']
  cluster.failAcquire(to, 'dhcp')
  cluster.request({ to })
  cluster.advance(20)
  t.match(cluster.store.record(2), { outcome: 'failed' })
  t.match(since(cluster, 2), [{ from, to: from, cause: 'rollback', outcome: 'succeeded', last_held_at: String }])
})

scenario(t, 'A program writes the key while nobody holds the role', (cluster, t) => {
  cluster.boot('hv1')
  cluster.advance(10)
  cluster.boot('hv2')
  cluster.advance(2)
  cluster.store.prefer('hv2', { priority: 0 })
  cluster.powerOff('hv1')
  cluster.advance(12)
  cluster.confirmFenced('hv1')
  cluster.advance(1)
  for (const value of ['none', 'hv2']) {
    cluster.writeKeyBlindly(value)
    cluster.advance(1)
  }
  cluster.advance(10)
  for (const record of since(cluster, 1)) t.match(record, { from: 'hv1', evidence: { node: 'hv1' } }, `the ${record.cause} to ${record.to}`)
  t.match(cluster.look(), /hv2 run\/primary holds/)
})

scenario(t, 'The key is deleted while nobody holds the role', (cluster, t) => {
  const stopped = stopsInOrder(cluster)
  cluster.deleteKey()
  cluster.boot('hv2')
  cluster.advance(15)
  t.match(cluster.store.records.at(-1)?.record, { from: 'hv1', to: 'hv2', outcome: 'succeeded', last_held_at: stopped })
})
