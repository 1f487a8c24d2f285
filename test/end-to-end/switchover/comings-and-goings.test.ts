/** Daemons that stop, die, come back and lose their session: the role is handed on in order where it can be, and never held twice. */
import t from 'tap'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DaemonProcess } from '../../../tools/testbed/daemon-process.ts'
import { cluster, quick, type Watcher } from '../../support/cluster.ts'
import { epochOf } from '../../../src/core/model/epoch.ts'
import { nodePath } from '../../../src/cluster/layout.ts'

const nodes = ['hv1', 'hv2', 'hv3']
// Each has a cluster of its own, and most of their time they wait for sessions to end.
t.jobs = 4

/** Of a node that writes no more. */
const lastKeepalive = async (watcher: Watcher, name: string): Promise<string> =>
  new Date((await (await watcher.session()).get(nodePath(name, 'keepalive'))).stat.mtime).toISOString()

t.test('SIGTERM of the primary hands the role over first, and stop is the last word', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const first = await watcher.settled()
  t.equal(await made.nodes.get(first.name)?.stop(), 0)
  const second = await watcher.settled()
  t.not(second.name, first.name)
  await watcher.sees('it has stopped', (view) => view.members.some((member) => member.name === first.name && member.daemonState === 'stop' && member.coordinatorState === 'secondary' && member.presence === null))
  const freed = watcher.feed.view?.records.find((record) => record.cause === 'shutdown')
  t.match(freed, { from: first.name, to: null, outcome: 'succeeded', continued_by: second.epoch }, 'the freed key points to whoever won')
  const session = await watcher.session()
  const [keepalive, stop] = await Promise.all([session.get(nodePath(first.name, 'keepalive')), session.get(nodePath(first.name, 'daemonstate'))])
  t.ok(keepalive.stat.mzxid < stop.stat.mzxid, 'the final keepalive was written before stop')
  t.equal(made.holder('address'), second.name)

  await t.test('and it comes back as a secondary', async (t) => {
    made.startNode(first.name)
    await watcher.sees('it is back', (view) => view.members.some((member) => member.name === first.name && member.daemonState === 'run' && member.coordinatorState === 'secondary'))
    t.same(await watcher.settled(), second)
  })
  t.same(made.collisions(), [])
})

t.test('SIGTERM of the only coordinator', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  await watcher.settled('hv1')
  t.equal(await made.nodes.get('hv1')?.stop(), 0)
  const view = await watcher.sees('it has stopped', (view) => view.members[0]?.daemonState === 'stop')
  t.match(view, { key: { value: 'none' }, members: [{ coordinatorState: 'secondary' }] })
  t.equal(made.holder('address'), null, 'nothing is held')
})

t.test('the role that no node took when its primary stopped in order', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  await watcher.settled('hv1')
  const taken = async (name: string, epoch: number) => {
    const before = Date.now()
    made.startNode(name)
    const { records } = await watcher.sees(`${name} has it`, (view) => view.records.some((record) => record.epoch > epoch && record.to === name && record.outcome === 'succeeded'))
    return { before, record: records.findLast(({ outcome, to }) => outcome === 'succeeded' && to === name) }
  }
  const stop = async (name: string) => {
    const before = Date.now()
    await made.nodes.get(name)?.stop()
    await watcher.sees('it has stopped', (view) => view.members.some((member) => member.name === name && member.daemonState === 'stop'))
    return { before, after: Date.now(), epoch: watcher.feed.view?.records.at(-1)?.epoch ?? 0 }
  }
  const told = ({ before, record }: Awaited<ReturnType<typeof taken>>, stopped: Awaited<ReturnType<typeof stop>>) => {
    t.match(record, { from: 'hv1', cause: 'contention', evidence: null, last_held_at: String, outage_seconds: Number, reason: `hv1 was last known to hold the role at ${record?.last_held_at}.` })
    const held = Date.parse(record?.last_held_at ?? '')
    t.ok(held >= stopped.before && held < stopped.after, `held until the stop began: ${record?.last_held_at}`)
    t.ok((record?.outage_seconds ?? 0) * 1000 >= before - stopped.after, 'for as long as no node ran')
  }

  t.comment('the same node comes up')
  const first = await stop('hv1')
  told(await taken('hv1', first.epoch), first)
  t.comment('another node comes up')
  const second = await stop('hv1')
  told(await taken('hv2', second.epoch), second)

  t.comment('a node that does not contend comes up, and another program names it')
  const third = await stop('hv2')
  made.startNode('hv1', { candidate: { priority: 0 } })
  await watcher.sees('it is at rest', (view) => view.members.some(({ name, daemonState, coordinatorState }) => name === 'hv1' && daemonState === 'run' && coordinatorState === 'secondary'))
  await watcher.writeKeyBlindly('hv1')
  const { records } = await watcher.sees('it has taken over', (view) => view.records.some((record) => record.epoch > third.epoch && record.to === 'hv1' && record.outcome === 'succeeded'))
  const record = records.findLast(({ to }) => to === 'hv1')
  t.match(record, { from: 'hv2', cause: 'external', last_held_at: String, outage_seconds: Number })
  t.ok(Date.parse(record?.last_held_at ?? '') >= third.before && Date.parse(record?.last_held_at ?? '') < third.after)
  t.same(made.collisions(), [])
})

t.test('a primary that is killed keeps the role from everybody until it has released everything itself', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const first = await watcher.settled()
  await made.nodes.get(first.name)?.kill()
  await watcher.sees('its presence goes', (view) => view.members.some((member) => member.name === first.name && member.presence === null))
  const sign = await lastKeepalive(watcher, first.name)
  t.equal(watcher.feed.view?.key.value, first.name, 'without a fence nobody takes what it may still hold')
  t.equal(made.holder('address'), first.name)
  made.startNode(first.name)
  const settled = await watcher.sees('a new epoch', (view) => view.records.some((record) => record.epoch > first.epoch && record.outcome === 'succeeded'))
  t.equal(made.holder('address'), settled.key.value)
  t.match(settled.records.findLast(({ outcome }) => outcome === 'succeeded'), { from: first.name, to: settled.key.value, evidence: null, last_held_at: sign, outage_seconds: Number }, 'whichever node has taken the role')
  t.same(made.collisions(), [])
})

t.test('the only coordinator, killed and started again, releases first and takes over under a new epoch', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  const first = await watcher.settled('hv1')
  await made.nodes.get('hv1')?.kill()
  const sign = await lastKeepalive(watcher, 'hv1')
  const seen = made.effects().length
  made.startNode('hv1')
  const view = await watcher.sees('a restart', (view) => view.records.some((record) => record.cause === 'restart' && record.outcome === 'succeeded'))
  const record = view.records.find(({ cause }) => cause === 'restart')
  t.match(record, { from: 'hv1', to: 'hv1', evidence: null, last_held_at: sign, held_again_at: String, reason: `The primary key named hv1 from before; hv1 takes over under a number of its own. hv1 was last known to hold the role at ${sign}.` })
  t.equal(record?.outage_seconds, (Date.parse(record?.held_again_at ?? '') - Date.parse(sign)) / 1000, 'for how long it was not held')
  const { epoch } = await watcher.settled('hv1')
  t.equal(epoch, first.epoch + 1)
  t.same(made.effects().slice(seen), ['- hv1 release service', '- hv1 release address', `${epoch} hv1 acquire address`, `${epoch} hv1 acquire service`])
})

t.test('a second daemon of the same name gives up', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const first = await watcher.settled()
  const original = made.nodes.get(first.name)
  const again = made.startNode(first.name)
  t.equal(await again.exited(), 75, 'on the same machine, at once')
  t.ok(again.log.some((line) => line['code'] === 'daemon_running'))
  const elsewhere = join(made.folder, 'twin.yaml')
  copyFileSync(made.configurationOf(first.name), elsewhere)
  const twin = new DaemonProcess('pvcnoded', 'twin', elsewhere)
  t.equal(await twin.exited(), 78)
  t.ok(twin.log.some((line) => line['code'] === 'node_name_in_use'))
  t.same(await watcher.settled(), first, 'and the first one never noticed')
  await original?.stop()
})

t.test('stopped while ZooKeeper is away: it says that stop was not written, and fails', async (t) => {
  const { cluster: made } = await cluster(t, { nodes: [], resources: [], coordinator: { handover_timeout: 0.1 } })
  const daemon = made.startNode('hv1')
  await daemon.logged((line) => line['event'] === 'finished' && line['procedure'] === 'takeover')
  await made.zookeeper.kill()
  daemon.signal('SIGTERM')
  t.equal(await daemon.exited(), 1)
  t.match(daemon.log.at(-1), { level: 'fatal', code: 'stop_not_written' })
})

t.test('ZooKeeper absent at the start, then there', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick })
  await made.zookeeper.stop()
  const daemon = made.startNode('hv1')
  await daemon.logged((line) => line.msg.startsWith('ZooKeeper cannot be reached'))
  await made.zookeeper.start()
  await watcher.settled('hv1')
  t.pass('it tried on, and began by itself')
})

t.test('ZooKeeper gone for good: the primary releases in time, and takes up again when it is back', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const first = await watcher.settled()
  const daemon = made.nodes.get(first.name)
  await made.zookeeper.kill()
  await daemon?.logged((line) => line['event'] === 'demoted' && (line['held'] as string[]).length > 0)
  await made.zookeeper.start()
  await watcher.sees('a later epoch', (view) => (epochOf(view.key, view.ledger) ?? 0) > first.epoch, 60_000)
  const second = await watcher.settled()
  t.equal(made.holder('address'), second.name)
  t.same(made.collisions(), [])
})
