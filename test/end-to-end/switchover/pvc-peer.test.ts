/**
 * Handovers to a PVC node and back, and keys that change in the midst of a takeover: nothing is held twice, every switchover is closed with what really
 * happened, and no time without a primary is longer than rollback, handover and settling take. `npm run campaign -- pvc-peer` has more of them.
 */
import t, { type Test } from 'tap'
import { join } from 'node:path'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick, type Watcher } from '../../support/cluster.ts'
import { longestWithoutPrimary, pvcNode, type PvcNodeOptions } from '../../support/pvc-node.ts'

const ROUNDS = Number(process.env['PVC_PEER_ROUNDS'] ?? 3)
/** Milliseconds: transition delay, releases, phases and acquisitions; and 5 s if the key named a node that does not begin. */
const HANDOVER = 15_000
/** Milliseconds until everything is settled: the bound of a switchover without a record. */
const BOUND = 60_000

/** Resources that take so long that the other node would be at them before, if nothing kept it waiting. */
const slow = (seconds: number) => (folder: string) => {
  const command = ['sh', '-c', `sleep ${seconds}; exec sh "$0" "$1"`, join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh'), folder]
  return { acquire: command, release: command, release_timeout: 5 }
}

async function beside (t: Test, seconds: number, options: PvcNodeOptions = {}) {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], ...quick, resourceSettings: slow(seconds) })
  const first = await watcher.settled()
  await pvcNode(t, made, 'pvc1', options)
  await watcher.sees('the PVC node', (view) => view.members.some((member) => member.name === 'pvc1' && member.daemonState === 'run' && !member.ours))
  return { made, watcher, first: first.name, longest: longestWithoutPrimary(watcher) }
}

const holders = (made: { holder: (resource: string) => string | null }) => ['address', 'service'].map((resource) => made.holder(resource))

for (const rewrites of ['value', 'own'] as const) {
  t.test(`${ROUNDS} times there and back, with a keepalive that writes ${rewrites === 'own' ? 'its own name over that of the target' : 'the key to itself'}`, { timeout: 60_000 + ROUNDS * 30_000 }, async (t) => {
    // Once, most often, in the half second before it relinquishes.
    const { made, watcher, first, longest } = await beside(t, 0.3, { rewrites, keepalive: 1 })
    const api = await made.startApi('hv1')
    const keys = { before: watcher.feed.view!.key.version, asked: 0 }
    for (let round = 0; round < ROUNDS * 2; round++) {
      const target = round % 2 === 0 ? 'pvc1' : round % 4 === 1 ? 'hv1' : 'hv2'
      const { status, body } = await askForSwitchover<{ readonly epoch: number }>(api, { to: target }, '?wait=50')
      t.match({ status, body }, { status: 200, body: { to: target, outcome: 'succeeded' } })
      const settled = await watcher.settled(target, BOUND)
      keys.asked++
      t.match(watcher.feed.view?.records.find(({ epoch }) => epoch === body.epoch), { to: target, outcome: 'succeeded' }, `the record of ${settled.name}`)
      t.same(holders(made), [target, target])
    }
    t.same(made.collisions(), [])
    const from = made.effects().findIndex((effect) => effect.endsWith('pvc1 acquire address'))
    t.same(made.effects().slice(from - 2, from).map((effect) => effect.split(' ').slice(1).join(' ')), [`${first} release service`, `${first} release address`], 'everything was released before the PVC node acquired anything')
    t.ok(longest() < HANDOVER, 'never longer without a primary than a handover takes')
    t.comment(`${keys.asked} handovers, ${watcher.feed.view!.key.version - keys.before - keys.asked} keys that were only repeated, at most ${(longest() / 1000).toFixed(1)} s without a primary`)
  })
}

/** Whether an epoch that succeeded is one that the node was seen as primary at, and every other one says why not. */
function honest (t: Test, watcher: Watcher, primaries: ReadonlySet<string>) {
  for (const { epoch, to, outcome, error, continued_by: by } of watcher.feed.view?.records ?? []) {
    if (outcome === 'succeeded') t.ok(to !== null && primaries.has(to), `epoch ${epoch}: ${to} was primary`)
    else t.ok(outcome === 'superseded' ? by !== null : to === null || error !== null || outcome === 'timed_out', `epoch ${epoch}: ${outcome}`)
  }
}

for (const rewrites of ['value', 'own'] as const) {
  t.test(`the key changes in the midst of takeovers; a keepalive that writes ${rewrites === 'own' ? 'its own name' : 'what it has read'}`, { timeout: 60_000 + ROUNDS * 120_000 }, async (t) => {
    const { made, watcher, longest } = await beside(t, 1, { rewrites, settle: 1 })
    const primaries = new Set<string>()
    watcher.feed.onView((view) => { for (const member of view.members) if (member.coordinatorState === 'primary') primaries.add(member.name) })
    for (let round = 0; round < ROUNDS; round++) {
      const now = await watcher.settled(undefined, BOUND)
      const ours = now.name === 'hv1' ? 'hv2' : 'hv1'
      // Ours takes over and PVC's is named, or the other way round.
      for (const [taker, named] of round % 2 === 0 ? [[ours, 'pvc1']] as const : [['pvc1', ours]] as const) {
        if (now.name === taker) continue
        const written = await watcher.writeKeyBlindly(taker)
        // A node that writes its own name before it relinquishes may have been quicker.
        await watcher.sees(`${taker} in takeover`, (view) => (view.key.version > written && view.key.value !== taker) || view.members.some((member) => member.name === taker && (member.coordinatorState === 'takeover' || member.coordinatorState === 'primary')))
        await watcher.writeKeyBlindly(named)
      }
      await watcher.settled(undefined, BOUND)
    }
    const { name } = await watcher.settled(undefined, BOUND)
    t.same(holders(made), [name, name])
    t.same(made.collisions(), [])
    honest(t, watcher, primaries)
    t.ok(longest() < 2 * HANDOVER, 'a rollback and a handover')
    t.comment(`${ROUNDS} keys changed, at most ${(longest() / 1000).toFixed(1)} s without a primary`)
  })
}

t.test('the key comes back to the primary, or names no node, after a PVC node has begun', { timeout: 60_000 + ROUNDS * 120_000 }, async (t) => {
  const { made, watcher, longest } = await beside(t, 1, { rewrites: 'never' })
  for (let round = 0; round < ROUNDS; round++) {
    const { name } = await watcher.settled(undefined, BOUND)
    if (name === 'pvc1') await watcher.writeKeyBlindly('hv1')
    const primary = await watcher.settled(name === 'pvc1' ? 'hv1' : name, BOUND)
    await watcher.writeKeyBlindly('pvc1')
    await watcher.sees('the PVC node in takeover', (view) => view.members.some((member) => member.name === 'pvc1' && member.coordinatorState === 'takeover'))
    await watcher.writeKeyBlindly(round % 2 === 0 ? primary.name : 'none')
    await watcher.sees('it is primary all the same', (view) => view.members.some((member) => member.name === 'pvc1' && member.coordinatorState === 'primary'), BOUND)
    await watcher.sees('and gives the role away', (view) => view.key.value !== 'pvc1' && view.members.some((member) => member.name === 'pvc1' && member.coordinatorState === 'secondary'), BOUND)
    await watcher.settled(undefined, BOUND)
  }
  const { name } = await watcher.settled(undefined, BOUND)
  t.same(holders(made), [name, name])
  t.same(made.collisions(), [])
  t.ok(longest() < 2 * HANDOVER)
  t.comment(`${ROUNDS} keys that came back, at most ${(longest() / 1000).toFixed(1)} s without a primary`)
})
