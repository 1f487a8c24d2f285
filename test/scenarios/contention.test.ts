// Who becomes primary when nobody is, or when the key names somebody who cannot serve.
import t from 'tap'
import { scenario } from '../support/scenario/scenario.ts'

scenario(t, 'Cold start of three', (cluster, t) => {
  cluster.boot('hv1', 'hv2', 'hv3')
  cluster.advance(10)
  t.equal(cluster.outcome(1), 'succeeded')
})

scenario(t, 'Five contend at once for a freed key', (cluster, t) => {
  cluster.boot('hv1', 'hv2', 'hv3', 'hv4', 'hv5')
  cluster.advance(10)
  cluster.request({ from: 'hv1' })
  cluster.advance(10)
  t.equal(cluster.outcome(2), 'succeeded')
  t.equal(cluster.store.record(2)?.continued_by, 3)
  t.equal(cluster.store.key?.version, 3, 'written by the request and by one winner')
})

scenario(t, 'The key names a node that has stopped', (cluster, t) => {
  cluster.boot('hv1', 'hv2')
  cluster.advance(10)
  cluster.boot('hv3')
  cluster.advance(1)
  cluster.shutdown('hv3')
  cluster.advance(1)
  cluster.writeKeyBlindly('hv3')
  cluster.advance(10)
  t.equal(cluster.store.key?.value, 'hv2')
})

scenario(t, 'The key names a hypervisor', (cluster, t) => {
  cluster.bootHypervisor('hv9')
  cluster.boot('hv1', 'hv2')
  cluster.advance(10)
  cluster.writeKeyBlindly('hv9')
  cluster.advance(10)
  t.not(cluster.store.key?.value, 'hv9')
})

scenario(t, 'The key names nobody known and the primary is the only coordinator', (cluster, t) => {
  cluster.boot('hv1')
  cluster.advance(10)
  cluster.writeKeyBlindly('gone')
  cluster.advance(10)
  t.equal(cluster.store.key?.value, 'hv1')
  t.equal(cluster.outcome(3), 'succeeded')
})

scenario(t, 'The key is deleted and made again', (cluster, t) => {
  cluster.boot('hv1', 'hv2')
  cluster.advance(10)
  cluster.request({ to: 'hv2' })
  cluster.advance(10)
  cluster.deleteKey()
  cluster.advance(1)
  cluster.makeKey('none')
  cluster.advance(20)
  t.ok((cluster.store.epoch ?? 0) > 3, 'epochs keep growing')
})

scenario(t, 'The key is deleted and made again with the name of a secondary', (cluster, t) => {
  cluster.boot('hv1', 'hv2')
  cluster.advance(10)
  cluster.deleteKey()
  cluster.makeKey('hv2')
  cluster.advance(20)
  t.match(cluster.look(), /hv2 run\/primary holds/)
})

scenario(t, 'The ledger is garbled', (cluster, t) => {
  cluster.boot('hv1', 'hv2')
  cluster.advance(10)
  cluster.garbleLedger()
  cluster.advance(10)
  cluster.request({ to: 'hv2' })
  cluster.advance(10)
  t.match(cluster.look(), /hv2 run\/primary holds/)
})

scenario(t, 'The named node does not begin', (cluster, t) => {
  cluster.boot('hv1', 'hv2', 'hv3')
  cluster.advance(10)
  cluster.request({ from: 'hv1' })
  cluster.advance(10)
  cluster.cut('hv3')
  cluster.request({ to: 'hv3' })
  cluster.advance(8)
  cluster.heal('hv3')
  cluster.advance(20)
  t.notOk(cluster.store.records.some(({ record }) => record.outcome === null))
})

scenario(t, 'A dead primary is not succeeded', (cluster, t) => {
  cluster.boot('hv1', 'hv2', 'hv3')
  cluster.advance(10)
  cluster.crash('hv1')
  cluster.advance(60)
  t.equal(cluster.store.key?.value, 'hv1', 'nobody contends past a node that may hold everything')
  t.strictSame(cluster.holds('hv1'), ['ip', 'dhcp'])
  cluster.request({ to: 'hv2' })
  cluster.advance(1)
  cluster.confirmFenced('hv1')
  cluster.advance(15)
  t.match(cluster.look(), /hv2 run\/primary holds/)
})

scenario(t, 'The key is made again after an epoch that nobody recorded', (cluster, t) => {
  cluster.boot('hv1', 'hv2')
  cluster.advance(10)
  cluster.writeKeyBlindly('hv2')
  cluster.advance(10)
  t.match(cluster.look(), /key hv2 \(2\).*hv2 run\/primary/)
  cluster.deleteKey()
  cluster.makeKey('hv1')
  cluster.advance(20)
  t.match(cluster.look(), /key hv1 \(3\).*hv1 run\/primary/)
}, { keeper: false })
