// Planned switchovers, and what else can happen to the key meanwhile.
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

scenario(t, 'A planned switchover', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(10)
  t.equal(cluster.outcome(2), 'succeeded')
})

scenario(t, 'A request to the present primary changes nothing', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv1' })
  cluster.request({ from: 'hv2' })
  cluster.advance(5)
  t.equal(cluster.store.epoch, 1)
})

scenario(t, 'A retry joins the switchover in flight and another is turned away', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.3)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.1)
  cluster.request({ to: 'hv3' })
  cluster.request({ to: 'hv3', from: 'hv1' })
  cluster.request({ to: 'hv3', expectedEpoch: 1 })
  cluster.advance(10)
  t.equal(cluster.store.epoch, 2)
})

scenario(t, 'Flip back before anybody has begun', (cluster, t) => {
  three(cluster)
  cluster.writeKeyBlindly('hv2')
  cluster.advance(0.2)
  cluster.writeKeyBlindly('hv1')
  cluster.advance(10)
  t.match(cluster.look(), /hv1 run\/primary holds/)
})

scenario(t, 'Flip back after relinquish began', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.6)
  cluster.writeKeyBlindly('hv1')
  cluster.advance(20)
  t.match(cluster.look(), /hv1 run\/primary holds/)
  t.equal(cluster.outcome(2), 'superseded')
})

scenario(t, 'From alone', (cluster, t) => {
  three(cluster)
  cluster.request({ from: 'hv1' })
  cluster.advance(10)
  t.equal(cluster.outcome(2), 'succeeded')
  t.equal(cluster.store.record(2)?.continued_by, 3)
})

scenario(t, 'From alone, and nobody else takes the role', (cluster, t) => {
  cluster.boot('hv1', 'hv2')
  cluster.advance(10)
  cluster.request({ from: 'hv1' })
  cluster.before('hv2', 'read_snapshot', () => cluster.crash('hv2'))
  cluster.advance(20)
  t.equal(cluster.outcome(2), 'failed')
  t.match(cluster.look(), /hv1 run\/primary holds/)
})

scenario(t, 'A blind write overtakes a request', (cluster, t) => {
  three(cluster)
  cluster.before('api', 'write_key', () => cluster.writeKeyBlindly('hv3'))
  cluster.request({ to: 'hv2' })
  cluster.advance(20)
  t.equal(cluster.outcome(2), 'superseded')
  t.match(cluster.look(), /hv3 run\/primary holds/)
})

scenario(t, 'A blind write overtakes a contender', (cluster, t) => {
  three(cluster)
  cluster.before('hv2', 'write_key', () => cluster.writeKeyBlindly('hv3'))
  cluster.before('hv3', 'read_snapshot', () => cluster.writeKeyBlindly('hv2'))
  cluster.request({ from: 'hv1' })
  cluster.advance(30)
  t.notOk(cluster.store.records.some(({ record }) => record.outcome === null))
})

scenario(t, 'The writer dies with its record made and the key not written', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' }, { dieBefore: 'write_key' })
  cluster.advance(1)
  t.equal(cluster.store.epoch, 1)
  cluster.request({ to: 'hv3' })
  cluster.advance(10)
  t.equal(cluster.outcome(2), 'not_applied')
  t.equal(cluster.outcome(3), 'succeeded')
})

scenario(t, 'The writer dies and nobody asks again', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' }, { dieBefore: 'write_key' })
  cluster.advance(60)
  t.equal(cluster.outcome(2), 'not_applied')
})

scenario(t, 'A wait for the lock is given up when the key moves', (cluster, t) => {
  three(cluster)
  cluster.hangAcquire('hv2', 'dhcp')
  cluster.request({ to: 'hv2' })
  cluster.advance(3)
  cluster.writeKeyBlindly('hv3')
  cluster.advance(1)
  cluster.writeKeyBlindly('hv1')
  cluster.advance(60)
  t.match(cluster.look(), /hv1 run\/primary holds/)
})

scenario(t, 'A record closed by somebody else before primary is written', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.before('hv2', 'read_record', () => cluster.closeRecord(2, 'timed_out'))
  cluster.advance(20)
  t.equal(cluster.outcome(2), 'timed_out')
  t.match(cluster.look(), /hv1 run\/primary holds/)
})

scenario(t, 'The key is written to itself before the former primary releases', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.3)
  cluster.writeKeyBlindly('hv2')
  cluster.advance(10)
  t.match(cluster.look(), /hv2 run\/primary holds/)
  t.equal(cluster.outcome(2), 'succeeded')
  t.equal(cluster.store.record(3), null, 'no record of that')
})

scenario(t, 'The key is written to itself during the takeover', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(1.5)
  cluster.writeKeyBlindly('hv2')
  cluster.advance(10)
  t.match(cluster.look(), /hv2 run\/primary holds/)
  t.equal(cluster.outcome(2), 'succeeded')
})
