// Lives that end and begin: leases, sessions, restarts and orderly shutdowns.
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

scenario(t, 'The lease runs out on the primary', (cluster, t) => {
  three(cluster)
  cluster.expireLease('hv1')
  t.strictSame(cluster.holds('hv1'), ['ip', 'dhcp'], 'not released yet')
  cluster.advance(0.11)
  t.strictSame(cluster.holds('hv1'), [], 'released on its own authority')
  cluster.advance(20)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The session of the primary is lost', (cluster, t) => {
  three(cluster)
  cluster.loseSession('hv1')
  cluster.advance(20)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The lease runs out in a takeover during an acquire', (cluster, t) => {
  three(cluster)
  cluster.hangAcquire('hv2', 'dhcp')
  cluster.request({ to: 'hv2' })
  cluster.advance(3)
  cluster.expireLease('hv2')
  t.notOk(cluster.lines.at(-1)?.includes('release'), 'the acquire is awaited before anything is released')
  cluster.advance(60)
  t.ok(cluster.lines.findIndex((line) => line.includes('acquire dhcp: killed')) < cluster.lines.findLastIndex((line) => line.includes('hv2    release dhcp')))
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The lease runs out in a relinquish during a release', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.53)
  cluster.expireLease('hv1')
  cluster.advance(20)
  t.equal(cluster.outcome(2), 'succeeded')
})

scenario(t, 'The lease runs out and a release fails', (cluster, t) => {
  three(cluster)
  cluster.failRelease('hv1', 'dhcp')
  cluster.expireLease('hv1')
  cluster.advance(30)
  t.match(cluster.look(), /hv1 init\/primary holds dhcp/, 'its start cannot release either, and nobody goes past it')
  cluster.mend('hv1', 'dhcp')
  cluster.advance(60)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The lease runs out while the key is being changed', (cluster, t) => {
  three(cluster)
  cluster.before('hv2', 'write_key', () => cluster.expireLease('hv2'))
  cluster.request({ from: 'hv1' })
  cluster.advance(60)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The primary is cut off', (cluster, t) => {
  three(cluster)
  cluster.cut('hv1')
  cluster.advance(6.6)
  t.strictSame(cluster.holds('hv1'), ['ip', 'dhcp'])
  cluster.advance(0.3)
  t.strictSame(cluster.holds('hv1'), [], 'before its session can have ended')
  cluster.advance(30)
  t.equal(cluster.store.key?.value, 'hv1')
  cluster.heal('hv1')
  cluster.advance(20)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The named primary restarts', (cluster, t) => {
  cluster.boot('hv1')
  cluster.advance(10)
  cluster.crash('hv1')
  cluster.restart('hv1')
  cluster.advance(30)
  t.equal(cluster.store.record(2)?.cause, 'restart')
  t.equal(cluster.outcome(2), 'succeeded')
})

scenario(t, 'The primary restarts and its peers were waiting', (cluster, t) => {
  three(cluster)
  cluster.crash('hv1')
  cluster.advance(15)
  cluster.restart('hv1')
  cluster.advance(30)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The taker crashes in takeover', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.8)
  cluster.crash('hv2')
  cluster.advance(80)
  t.equal(cluster.outcome(2), 'timed_out', 'closed by observers: its actor is dead')
  t.match(cluster.look(), /hv1 run\/secondary.*hv2 run\/takeover down holds/)
  cluster.confirmFenced('hv2')
  cluster.advance(10)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'The primary is shut down with fit peers', (cluster, t) => {
  three(cluster)
  cluster.shutdown('hv1')
  cluster.advance(10)
  t.match(cluster.look(), /hv1 stop\/secondary down/)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
  t.equal(cluster.outcome(2), 'succeeded')
})

scenario(t, 'The only coordinator is shut down', (cluster, t) => {
  cluster.boot('hv1')
  cluster.advance(10)
  cluster.shutdown('hv1')
  cluster.shutdown('hv1')
  cluster.advance(10)
  t.equal(cluster.look(), 'key none (2); hv1 stop/secondary down')
})

scenario(t, 'The primary is shut down past a peer that nobody may pass', (cluster, t) => {
  three(cluster)
  cluster.writeCoordinatorState('hv3', 'primary')
  cluster.crash('hv3')
  cluster.advance(15)
  cluster.shutdown('hv1')
  cluster.advance(10)
  t.match(cluster.look(), /^key none.*hv1 stop\/secondary down/)
})

scenario(t, 'A shutdown while the key already names a peer', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.2)
  cluster.shutdown('hv1')
  cluster.advance(10)
  t.match(cluster.look(), /hv1 stop\/secondary down; hv2 run\/primary/)
})

scenario(t, 'A shutdown during a takeover', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.8)
  cluster.shutdown('hv2')
  cluster.advance(20)
  t.match(cluster.look(), /hv2 stop\/secondary down/)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})

scenario(t, 'A shutdown during a start', (cluster, t) => {
  cluster.boot('hv1')
  cluster.advance(0.02)
  cluster.shutdown('hv1')
  cluster.advance(5)
  t.match(cluster.look(), /hv1 stop\/secondary down/)
})

scenario(t, 'A shutdown of a start that cannot release', (cluster, t) => {
  cluster.boot('hv1')
  cluster.failRelease('hv1', 'dhcp')
  cluster.advance(1)
  cluster.shutdown('hv1')
  cluster.advance(5)
  t.match(cluster.look(), /hv1 stop\/- down/, 'it never said that it holds nothing')
})

scenario(t, 'A start that cannot release tries again', (cluster, t) => {
  cluster.boot('hv1')
  cluster.failRelease('hv1', 'dhcp')
  cluster.advance(30)
  cluster.mend('hv1', 'dhcp')
  cluster.advance(30)
  t.match(cluster.look(), /hv1 run\/primary/)
})

scenario(t, 'A shutdown that cannot release', (cluster, t) => {
  three(cluster)
  cluster.failRelease('hv1', 'ip')
  cluster.shutdown('hv1')
  cluster.advance(200)
  t.match(cluster.look(), /hv1 stop\/relinquish down holds ip/, 'the time for handing over is up')
})

scenario(t, 'A shutdown whose key cannot be freed', (cluster, t) => {
  three(cluster)
  cluster.store.enqueue({ id: 'somebody', over: false }, () => {}, () => {})
  cluster.shutdown('hv1')
  cluster.advance(130)
  t.match(cluster.look(), /^key hv1 .*hv1 stop\/secondary down/, 'the time for handing over is up')
})

scenario(t, 'Somebody else writes the state of a primary', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.5)
  cluster.writeCoordinatorState('hv1', 'primary')
  cluster.advance(20)
  t.equal(cluster.outcome(2), 'succeeded')
})

scenario(t, 'The key is deleted under a taker, and its lock with it', (cluster, t) => {
  three(cluster)
  cluster.request({ to: 'hv2' })
  cluster.advance(0.75)
  cluster.deleteKey()
  cluster.makeKey('hv3')
  cluster.advance(20)
  t.match(cluster.look(), /hv3 run\/primary holds ip\+dhcp/)
})

scenario(t, 'The key is deleted while others wait for its lock', (cluster, t) => {
  three(cluster)
  cluster.hangAcquire('hv2', 'dhcp')
  cluster.request({ to: 'hv2' })
  cluster.advance(3)
  cluster.writeKeyBlindly('hv3')
  cluster.advance(1)
  cluster.deleteKey()
  cluster.advance(30)
  t.match(cluster.look(), /run\/primary holds ip\+dhcp/)
})
