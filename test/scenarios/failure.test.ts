// Resources that cannot be acquired or released, and bounds that pass.
import t from 'tap'
import { scenario } from '../support/scenario/scenario.ts'
import type { Cluster } from '../support/scenario/cluster.ts'

/** hv1 is primary, hv2 and hv3 are secondary. */
const three = (cluster: Cluster) => {
  cluster.boot('hv1')
  cluster.advance(10)
  cluster.boot('hv2', 'hv3')
  cluster.advance(2)
}

const allClosed = (cluster: Cluster) => !cluster.store.records.some(({ record }) => record.outcome === null)

scenario(t, 'An acquire fails on the target', (cluster, t) => {
  three(cluster)
  cluster.failAcquire('hv2', 'dhcp')
  cluster.request({ to: 'hv2' })
  cluster.advance(20)
  t.equal(cluster.outcome(2), 'failed')
  t.match(cluster.store.record(2)?.error, { code: 'acquire_failed', resource: 'dhcp' })
  t.match(cluster.look(), /hv1 run\/primary holds/)
})

scenario(t, 'An acquire fails everywhere', (cluster, t) => {
  for (const name of ['hv1', 'hv2', 'hv3']) {
    cluster.boot(name)
    cluster.failAcquire(name, 'dhcp')
  }
  cluster.advance(180)
  const early = cluster.store.key?.version ?? 0
  cluster.advance(180)
  const late = (cluster.store.key?.version ?? 0) - early
  t.ok(late * 2 < early, 'attempts thin out')
  for (const name of ['hv1', 'hv2', 'hv3']) cluster.mend(name, 'dhcp')
  cluster.advance(310)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'An acquire hangs until the bound', (cluster, t) => {
  three(cluster)
  cluster.hangAcquire('hv2', 'ip')
  cluster.request({ to: 'hv2', timeout: 15 })
  cluster.advance(30)
  t.equal(cluster.outcome(2), 'timed_out')
  t.match(cluster.look(), /hv1 run\/primary holds/)
})

scenario(t, 'A release fails', (cluster, t) => {
  three(cluster)
  cluster.failRelease('hv1', 'ip')
  cluster.request({ to: 'hv2', timeout: 15 })
  cluster.advance(14)
  t.match(cluster.look(), /hv1 run\/relinquish holds ip/)
  t.match(cluster.store.member('hv1').transition?.error, { code: 'release_failed', resource: 'ip' })
  cluster.advance(20)
  t.equal(cluster.outcome(2), 'timed_out')
  t.match(cluster.look(), /hv1 run\/primary holds ip\+dhcp/, 'the key came back to the only one that could hold everything')
})

scenario(t, 'A release hangs', (cluster, t) => {
  three(cluster)
  cluster.hangRelease('hv1', 'dhcp')
  cluster.request({ to: 'hv2', timeout: 15 })
  cluster.advance(30)
  t.equal(cluster.outcome(2), 'timed_out')
  t.match(cluster.look(), /hv1 run\/primary holds ip\+dhcp/)
})

scenario(t, 'A release fails and the target starts again meanwhile', (cluster, t) => {
  three(cluster)
  cluster.failRelease('hv1', 'ip')
  cluster.request({ to: 'hv2', timeout: 30 })
  cluster.advance(5)
  cluster.loseSession('hv2')
  cluster.advance(120)
  t.match(cluster.look(), /hv1 run\/primary holds ip\+dhcp/, 'the key came back to the only one that could hold everything')
  t.ok(allClosed(cluster))
})

scenario(t, 'A release fails and the key is freed', (cluster, t) => {
  three(cluster)
  cluster.failRelease('hv1', 'ip')
  cluster.request({ to: 'hv2' })
  cluster.advance(2)
  cluster.shutdown('hv3')
  cluster.powerOff('hv2')
  cluster.advance(20)
  cluster.confirmFenced('hv2')
  cluster.writeKeyBlindly('none')
  cluster.advance(20)
  t.match(cluster.look(), /hv1 run\/primary holds ip\+dhcp/)
})

scenario(t, 'A resource of the primary is gone for good', (cluster, t) => {
  three(cluster)
  cluster.loseResource('hv1', 'ip')
  cluster.advance(30)
  t.match(cluster.look(), /hv[23] run\/primary holds ip\+dhcp/, 'a peer has taken over')
  t.ok(allClosed(cluster))
})

scenario(t, 'A resource of the only coordinator is gone for good', (cluster, t) => {
  cluster.boot('hv1')
  cluster.advance(10)
  cluster.loseResource('hv1', 'ip')
  cluster.advance(30)
  t.match(cluster.look(), /^key hv1 .*hv1 run\/primary/, 'it keeps what it has')
})

scenario(t, 'A rollback cannot release either', (cluster, t) => {
  three(cluster)
  cluster.failAcquire('hv2', 'dhcp')
  cluster.failRelease('hv2', 'ip')
  cluster.request({ to: 'hv2' })
  cluster.advance(4)
  t.equal(cluster.outcome(2), 'failed')
  t.match(cluster.look(), /hv2 run\/relinquish holds ip/)
  cluster.mend('hv2', 'dhcp')
  cluster.advance(120)
  t.match(cluster.look(), /hv2 run\/primary holds ip\+dhcp/)
})

scenario(t, 'A node that could not release fails again and can release now', (cluster, t) => {
  three(cluster)
  cluster.failRelease('hv1', 'ip')
  cluster.request({ to: 'hv2', timeout: 15 })
  cluster.advance(5)
  cluster.mend('hv1', 'ip')
  cluster.failAcquire('hv1', 'dhcp')
  cluster.advance(60)
  t.match(cluster.look(), /hv[23] run\/primary holds ip\+dhcp/, 'peers go first')
})

scenario(t, 'The bound passes while the taker waits for the lock', (cluster, t) => {
  three(cluster)
  cluster.hangAcquire('hv2', 'dhcp')
  cluster.request({ to: 'hv2' })
  cluster.advance(3)
  cluster.writeKeyBlindly('hv3')
  cluster.advance(120)
  t.ok(allClosed(cluster))
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The bound passes just as the taker gets the lock', (cluster, t) => {
  three(cluster)
  cluster.before('hv2', 'read_snapshot', () => cluster.advance(1.3))
  cluster.request({ to: 'hv2', timeout: 1 })
  cluster.advance(10)
  t.equal(cluster.outcome(2), 'timed_out')
  t.match(cluster.look(), /^key hv1 .*hv1 run\/primary holds/)
})

scenario(t, 'Two resources of a takeover fail, one after the other', (cluster, t) => {
  three(cluster)
  cluster.failAcquire('hv2', 'ip')
  cluster.failAcquire('hv3', 'dhcp')
  cluster.request({ to: 'hv2' })
  cluster.advance(10)
  cluster.request({ to: 'hv3' })
  cluster.advance(10)
  t.equal(cluster.outcome(2), 'failed')
  t.equal(cluster.outcome(4), 'failed')
  t.match(cluster.look(), /hv1 run\/primary holds/)
})
