// Coordinators that are configured with different resources: which becomes primary, and that a resource can be added and removed in a running cluster.
import t, { type Test } from 'tap'
import { scenario } from '../support/scenario/scenario.ts'
import type { Cluster } from '../support/scenario/cluster.ts'

const both = ['ip', 'dhcp']

/** The first of them is primary: at a cold start nobody waits for a peer that is not up yet. */
function started (cluster: Cluster, lists: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, list] of Object.entries(lists)) cluster.store.configure(name, list)
  for (const name of Object.keys(lists)) {
    cluster.boot(name)
    cluster.advance(5)
  }
  cluster.advance(10)
}

/** An operator edits the configuration of a node and restarts its daemon in order. */
function reconfigure (cluster: Cluster, name: string, list: readonly string[]): void {
  cluster.store.configure(name, list)
  cluster.shutdown(name)
  cluster.advance(10)
  cluster.restart(name)
  cluster.advance(10)
}

/** The request is refused; then the primary, hv1, dies and is fenced. */
function refusedThenDead (cluster: Cluster, t: Test, request: Parameters<Cluster['request']>[0]): void {
  cluster.request(request)
  cluster.advance(10)
  t.equal(cluster.store.key?.value, 'hv1', 'refused')
  cluster.powerOff('hv1')
  cluster.advance(12)
  cluster.confirmFenced('hv1')
  cluster.advance(10)
}

scenario(t, 'A node that lacks a resource does not take over while another has it', (cluster, t) => {
  started(cluster, { hv1: both, hv2: both, hv3: ['ip'] })
  refusedThenDead(cluster, t, { to: 'hv3' })
  t.match(cluster.look(), /hv2 run\/primary holds ip\+dhcp/)
})

scenario(t, 'Only a node that lacks a resource is left', (cluster, t) => {
  started(cluster, { hv1: both, hv2: ['ip'] })
  refusedThenDead(cluster, t, { from: 'hv1' })
  t.match(cluster.look(), /hv2 run\/primary holds ip(;|$)/, 'some of it is better than nothing')
})

scenario(t, 'A request that overrides what a node lacks', (cluster, t) => {
  started(cluster, { hv1: both, hv2: ['ip'] })
  cluster.request({ from: 'hv1', force: ['resources'] })
  cluster.advance(10)
  t.match(cluster.look(), /hv2 run\/primary holds ip(;|$)/)
  t.strictSame(cluster.holds('hv1'), [])
})

scenario(t, 'A resource is added to a running cluster', (cluster, t) => {
  started(cluster, { hv1: ['ip'], hv2: ['ip'], hv3: ['ip'] })
  for (const name of ['hv2', 'hv3']) reconfigure(cluster, name, both)
  t.match(cluster.look(), /hv1 run\/primary holds ip(;|$)/, 'the secondaries first')
  cluster.request({ from: 'hv1' })
  cluster.advance(10)
  t.match(cluster.look(), /hv[23] run\/primary holds ip\+dhcp/, 'then the role is moved')
  reconfigure(cluster, 'hv1', both)
  cluster.request({ to: 'hv1' })
  cluster.advance(10)
  t.match(cluster.look(), /hv1 run\/primary holds ip\+dhcp/, 'then the former primary, which may have it back')
})

scenario(t, 'A resource is removed from a running cluster', (cluster, t) => {
  started(cluster, { hv1: both, hv2: both, hv3: both })
  for (const name of ['hv2', 'hv3']) reconfigure(cluster, name, ['ip'])
  t.match(cluster.look(), /hv1 run\/primary holds ip\+dhcp/, 'the secondaries first')
  cluster.store.configure('hv1', ['ip'])
  cluster.shutdown('hv1')
  cluster.advance(10)
  t.match(cluster.look(), /hv[23] run\/primary holds ip(;|$)/, 'they take over when the primary is restarted')
  t.strictSame(cluster.holds('hv1'), [], 'which released all that it had')
  cluster.restart('hv1')
  cluster.advance(10)
  cluster.request({ to: 'hv1' })
  cluster.advance(10)
  t.match(cluster.look(), /hv1 run\/primary holds ip(;|$)/)
})

scenario(t, 'A primary that has lost a resource keeps the role from a peer that lacks one', (cluster, t) => {
  started(cluster, { hv1: both, hv2: ['ip'] })
  cluster.loseResource('hv1', 'dhcp')
  cluster.advance(10)
  t.equal(cluster.store.key?.value, 'hv1')
  t.match(cluster.look(), /hv1 run\/primary/)
})
