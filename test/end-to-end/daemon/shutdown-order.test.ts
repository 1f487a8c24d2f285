/**
 * The order of the end, read from ZooKeeper's own transaction log: whatever the node was doing when it was told to stop, the last three writes of
 * its session are the final keepalive, `stop`, and the closing.
 */
import t, { type Test } from 'tap'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import { quick, watch, type Watcher } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

/** A node whose one resource does `action` only once the test says so; it notes `<node> <action>` when it begins. */
function gated (made: Cluster, name: string, action: 'acquire' | 'release', trap = ''): void {
  const script = join(made.folder, 'gate.sh')
  writeFileSync(script, `${trap === '' ? '' : `FOLDER=${made.folder}; trap '${trap}' TERM\n`}echo "$PVC_NODE $PVC_ACTION \${PVC_EPOCH:--}" >> ${made.folder}/gate
[ -z "\${PVC_EPOCH:-}" ] || [ "$PVC_ACTION" != ${action} ] || while [ -d ${made.folder} ] && ! [ -e ${made.folder}/go ]; do sleep 0.05; done
`)
  const command = ['sh', script]
  made.startNode(name, { coordinator: { settle_time: 0.1, handover_timeout: 60, resources: [{ name: 'gated', type: 'command', acquire: command, release: command, acquire_timeout: 60, release_timeout: 50, retries: action === 'acquire' ? 2 : 0 }] } })
}

async function begun (t: Test): Promise<{ made: Cluster, watcher: Watcher }> {
  const made = new Cluster({ nodes: [], ...quick })
  t.teardown(async () => await made.close())
  await made.start()
  return { made, watcher: await watch(t, made) }
}

/** The last writes of the last session of `node`, as `op znode data`. */
async function lastWrites (made: Cluster, node: string, count: number): Promise<readonly string[]> {
  const all = await made.zookeeper.transactions()
  const session = all.findLast((each) => each.path === `/nodes/${node}/daemonstate` && each.data === 'stop')?.session
  return all.filter((each) => each.session === session).slice(-count)
    .map(({ op, path, data }) => `${op} ${path.replace(`/nodes/${node}/`, '')} ${path.endsWith('/keepalive') ? '' : data}`.trim())
}

const lastWords = ['setData keepalive', 'setData daemonstate stop', 'closeSession']

async function joinedByPeer (made: Cluster, watcher: Watcher): Promise<void> {
  made.startNode('hv2')
  await watcher.sees('a peer', (view) => view.members.some((member) => member.name === 'hv2' && member.daemonState === 'run'))
}

/** hv1 is told to stop while its gate is shut, releases once that opens, leaves its last words, and hv2 takes over. */
async function toldToStop (t: Test, made: Cluster, watcher: Watcher, meanwhile = async () => {}): Promise<void> {
  const ending = made.nodes.get('hv1')?.stop(60_000)
  await made.nodes.get('hv1')?.logged((line) => line.msg.startsWith('shutting down'))
  await meanwhile()
  writeFileSync(join(made.folder, 'go'), '')
  t.equal(await ending, 0)
  t.same(await lastWrites(made, 'hv1', 3), lastWords)
  await watcher.settled('hv2')
}

t.test('the only coordinator', async (t) => {
  const { made, watcher } = await begun(t)
  made.startNode('hv1')
  await watcher.settled('hv1')
  t.equal(await made.nodes.get('hv1')?.stop(), 0)
  t.same(await lastWrites(made, 'hv1', 3), lastWords)
})

for (const [how, trap] of [['ends when it is told to', 'echo "$PVC_NODE told" >> $FOLDER/gate; exit 1'], ['is deaf to that', 'echo "$PVC_NODE told" >> $FOLDER/gate']] as const) {
  t.test(`told to stop in the midst of a takeover with a command that ${how}: it is stopped with its retries, and what it may have acquired is released`, async (t) => {
    const { made, watcher } = await begun(t)
    gated(made, 'hv1', 'acquire', trap)
    await eventually(() => made.notes('gate').some((line) => line.startsWith('hv1 acquire')))
    await joinedByPeer(made, watcher)
    // Without an end of the retries it takes 180 s.
    t.equal(await made.nodes.get('hv1')?.stop(60_000), 0)
    const acquired = made.notes('gate').filter((line) => !line.endsWith(' -'))
    t.match(acquired, [/^hv1 acquire \d/, 'hv1 told', /^hv1 release \d/])
    t.equal(acquired.length, 3)
    t.same(await lastWrites(made, 'hv1', 3), lastWords)
    writeFileSync(join(made.folder, 'go'), '')
    await watcher.settled('hv2')
  })
}

t.test('told to stop in the midst of a relinquish; the keepalives continue through it', async (t) => {
  const { made, watcher } = await begun(t)
  gated(made, 'hv1', 'release')
  await watcher.settled('hv1')
  await joinedByPeer(made, watcher)
  await watcher.writeKeyBlindly('hv2')
  await watcher.sees('the relinquish', (view) => view.members.some((member) => member.coordinatorState === 'relinquish'))
  await toldToStop(t, made, watcher, async () => {
    const session = await watcher.session()
    const beat = (await session.get('/nodes/hv1/keepalive')).stat.version
    await eventually(async () => (await session.get('/nodes/hv1/keepalive')).stat.version >= beat + 2)
  })
})

t.test('a second signal forces, and says what it abandons', async (t) => {
  const { made, watcher } = await begun(t)
  gated(made, 'hv1', 'release')
  await watcher.settled('hv1')
  const daemon = made.nodes.get('hv1')
  daemon?.signal('SIGTERM')
  await daemon?.logged((line) => line.msg.startsWith('shutting down'))
  await eventually(() => made.notes('gate').some((line) => /^hv1 release \d/.test(line)))
  daemon?.signal('SIGTERM')
  t.equal(await daemon?.exited(), 1)
  t.match(daemon?.log.at(-1), { level: 'fatal', held: ['gated'] })
  writeFileSync(join(made.folder, 'go'), '')
})
