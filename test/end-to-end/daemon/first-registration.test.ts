/**
 * A node's first start, whose releases take their time: to PVC's software it is `secondary` from the moment at which it appears, and yet no peer acquires
 * what the host may still hold of a life whose znodes were deleted.
 */
import t from 'tap'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import { cluster, quick, watch } from '../../support/cluster.ts'

t.test('secondary at once, and believed once everything is released', async (t) => {
  const made = new Cluster({ nodes: [], ...quick })
  t.teardown(async () => await made.close())
  await made.start()
  const watcher = await watch(t, made)
  const script = join(made.folder, 'gate.sh')
  writeFileSync(script, `[ "$PVC_ACTION$PVC_NODE" != releasehv1 ] || while [ -d ${made.folder} ] && ! [ -e ${made.folder}/go ]; do sleep 0.05; done
echo "$PVC_NODE $PVC_ACTION" >> ${made.folder}/gate
`)
  const command = ['sh', script]
  const settings = { coordinator: { ...quick.coordinator, handover_timeout: 60, resources: [{ name: 'gated', type: 'command', acquire: command, release: command, acquire_timeout: 60, release_timeout: 50, retries: 0 }] } }

  const session = await watcher.session()
  await session.ensurePath('/nodes')
  const appeared = new Promise<void>((resolve) => { session.onWatch('/nodes', () => resolve()) })
  await session.children('/nodes', { watch: true })
  made.startNode('hv1', settings)
  await appeared
  const texts = await Promise.all(['daemonstate', 'routerstate', 'activeschema', 'latestschema', 'keepalive', 'domainstate', 'pvcversion', 'cpuload'].map(async (key) => (await session.get(`/nodes/hv1/${key}`)).data))
  t.strictSame(texts.slice(0, 4), ['init', 'secondary', '15', '15'])

  made.startNode('hv2', settings)
  await watcher.sees('a takeover that waits', (view) => view.members.some(({ name, coordinatorState, transition }) => name === 'hv2' && coordinatorState === 'takeover' && transition?.resource === 'gated'))
  t.match(await session.get('/nodes/hv1/daemonstate'), { data: 'init' })
  writeFileSync(join(made.folder, 'go'), '')
  await watcher.settled('hv2')
  const notes = made.notes('gate').filter((line) => line !== 'hv2 release')
  t.strictSame(notes.slice(0, 2), ['hv1 release', 'hv2 acquire'])
})

t.test('servers that grant a shorter session than was asked for: said once, with what does not hold any more', { timeout: 60_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { ...quick, nodes: ['hv1'], sessionTimeout: 5.5, zookeeper: { maxSessionTimeout: 5_000 } })
  await watcher.settled('hv1')
  const warnings = made.nodes.get('hv1')?.log.filter(({ code }) => code === 'session_timeout_differs') ?? []
  t.match(warnings, [{ level: 'warn', msg: /grant a session time-out of 5 s, the most that their maxSessionTimeout allows, instead of the 5\.5 s/ }])
})
