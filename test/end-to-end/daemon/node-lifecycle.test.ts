/**
 * Nodes that come and go, as docs/operations.md has it: added, replaced, renamed, dead and removed; and a node that is started while its removal is asked for.
 * On processes, by pvcctl.
 */
import t from 'tap'
import { NODE_KEYS } from '../../../src/cluster/layout.ts'
import { askApi } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'
import { Pvcctl } from '../../pvcctl/support/pvcctl.ts'

t.test('nodes that come and go', { timeout: 240_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2', 'hv3'], ...quick })
  const [api, other] = await Promise.all([made.startApi('hv1'), made.startApi('hv2')])
  const pvcctl = new Pvcctl(t, { PVCCTL_API: api })
  const session = await watcher.session()
  const names = () => watcher.feed.members.map(({ name }) => name)
  const isSettled = async (name: string) => await watcher.sees(`${name} takes part`, ({ members }) => members.some((member) => member.name === name && member.daemonState === 'run' && member.coordinatorState === 'secondary' && member.presence !== null && !member.firstWord))
  const stop = async (name: string) => { t.equal(await made.nodes.get(name)?.stop(), 0, `${name} stops in order`) }
  const remove = async (name: string) => await pvcctl.run(['remove-node', name, '--yes'])
  const says = (ended: Awaited<ReturnType<typeof remove>>, status: number, text: RegExp) => {
    t.equal(ended.status, status, `${ended.stdout}${ended.stderr}`)
    t.match(`${ended.stdout}${ended.stderr}`, text)
  }
  const json = async (base: string, path: string) => (await askApi(`${base}${path}`)).body
  const first = await watcher.settled()
  const [spare = '', second = ''] = ['hv1', 'hv2', 'hv3'].filter((name) => name !== first.name)

  await t.test('adding', async (t) => {
    made.startNode('hv4')
    await isSettled('hv4')
    await eventually(async () => /hv4 +secondary +yes/.test((await pvcctl.run(['eligible'])).stdout))
    t.strictSame(names(), ['hv1', 'hv2', 'hv3', 'hv4'])
  })

  await t.test('removing, and replacing under the same name', async (t) => {
    says(await remove(spare), 1, /is in contact with ZooKeeper.*\(node_not_removable\)/)
    says(await remove(first.name), 1, /The primary key names it/)
    await stop(spare)
    await eventually(async () => (await pvcctl.run(['status'])).stdout.includes(`${spare} is stopped`))
    says(await remove(spare), 0, new RegExp(`^Node ${spare} is removed`))
    t.equal(await session.exists(`/nodes/${spare}`), null)
    for (const base of [api, other]) await eventually(async () => !(await askApi(`${base}/metrics`)).text.includes(`node="${spare}"`))
    for (const base of [api, other]) t.notMatch(JSON.stringify((await json(base, '/health/cluster'))['conditions']), spare, 'no condition of it is left at any API')
    t.notMatch((await pvcctl.run(['list', '--quiet'])).stdout, spare)
    says(await remove(spare), 1, /\(node_unknown\)/)
    t.equal((await watcher.settled()).name, first.name, 'the primary has not noticed')

    made.startNode(spare)
    await isSettled(spare)
    t.equal((await session.children(`/nodes/${spare}`)).names.includes('fence'), false)
    says(await pvcctl.run(['switch', '--to', spare, '--wait']), 0, /succeeded/)
    await watcher.settled(spare)
    says(await pvcctl.run(['switch', '--to', first.name, '--wait']), 0, /succeeded/)
    await watcher.settled(first.name)
  })

  await t.test('renaming', async (t) => {
    await stop(second)
    made.startNode('hv9')
    await isSettled('hv9')
    says(await remove(second), 0, /is removed/)
    await eventually(() => !names().includes(second))
    t.strictSame(names(), [first.name, spare, 'hv4', 'hv9'].sort())
    says(await pvcctl.run(['history']), 0, new RegExp(spare))
  })

  await t.test('one that died', async () => {
    await made.nodes.get('hv4')?.kill()
    says(await remove('hv4'), 1, /is not stopped|is in contact|judged dead/)
    await watcher.sees('hv4 is dead', ({ members }) => members.some(({ name, daemonState }) => name === 'hv4' && daemonState === 'dead'))
    says(await remove('hv4'), 1, /no fence is confirmed.*fence-confirmation.*\(node_not_removable\)/)
    made.takeFrom('hv4')
    says(await pvcctl.run(['confirm-fence', 'hv4', '--confirm', 'hv4']), 0, /fenced now/)
    says(await remove('hv4'), 0, /is removed/)
    for (const base of [api, other]) await eventually(async () => !JSON.stringify(await json(base, '/api/v1/faults')).includes('hv4'))
    await eventually(() => !names().includes('hv4'))
  })

  await t.test('one that is started while its removal is asked for', async (t) => {
    for (let round = 0; round < 3; round++) {
      await stop('hv9')
      const starting = made.startNode('hv9')
      const over = new AbortController()
      const registered = starting.logged((line) => line.msg === 'registered').finally(() => over.abort())
      const statuses = new Set<number>()
      while (!over.signal.aborted) statuses.add((await askApi(`${api}/api/v1/node/hv9`, { method: 'DELETE' })).status)
      await registered
      t.strictSame([...statuses].filter((status) => ![200, 404, 409].includes(status)), [])
      await isSettled('hv9')
      const { names: there } = await session.children('/nodes/hv9')
      for (const key of ['daemonmode', 'daemonstate', 'routerstate', 'activeschema', 'latestschema', 'presence', 'transition', 'keepalive', 'domainstate', 'staticdata', 'pvcversion'] satisfies ReadonlyArray<typeof NODE_KEYS[number]>) t.ok(there.includes(key), `${key}, after ${[...statuses].join()}`)
    }
    t.equal((await watcher.settled()).name, first.name)
  })

  t.strictSame(made.collisions(), [])
})
