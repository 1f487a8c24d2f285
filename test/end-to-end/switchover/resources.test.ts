/**
 * A resource that one coordinator is configured without, on a cluster of processes: the node is not eligible and says why, the cluster says so, a request that
 * overrides it is carried out, and a resource is added to the running cluster without an interruption of the others.
 */
import t from 'tap'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('a resource that a coordinator is configured without', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], resources: ['address', 'service'], ...quick })
  await watcher.settled('hv1')
  const hv2 = made.startNode('hv2', { coordinator: { ...quick.coordinator, resources: made.resourceSettings(['address']) } })
  await watcher.sees('hv2 says what it has', ({ members }) => members.some(({ name, presence, daemonState }) => name === 'hv2' && daemonState === 'run' && presence?.resources?.join() === 'command address'))
  const api = await made.startApi('hv1')
  const read = async (path: string) => (await askApi<unknown>(`${api}/api/v1/${path}`)).body
  const report = async () => (await read('switchover/eligibility') as Array<Record<string, unknown>>).find(({ name }) => name === 'hv2')
  const move = async (body: object) => await askForSwitchover(api, body, '?wait=30')
  const differing = async () => (await read('status') as { conditions: Array<{ code: string, message: string }> }).conditions.filter(({ code }) => code === 'resources_differ').map(({ message }) => message)
  await eventually(async () => (await report())?.['eligible'] === false)
  const message = 'hv2: it lacks resources that hv1 has (command service)'
  t.match(await report(), { reasons: [{ code: 'lacks_resources', message }], unwilling: [{ code: 'lacks_resources' }] })
  t.strictSame(await differing(), ['hv2 does not have resources that hv1 has (command service).'])
  const line = await hv2.logged(({ msg }) => String(msg).includes('this node is configured without'))
  t.match(line, { msg: /resources that hv1 has \(command service\)/ })

  t.comment('refused unless it is overridden')
  t.match(await move({ to: 'hv2' }), { status: 422, body: { code: 'not_eligible', reasons: { hv2: [{ code: 'lacks_resources', message }] } } })
  t.match(await move({ from: 'hv1' }), { status: 422 })
  t.match(await move({ to: 'hv2', force: ['resources'] }), { status: 200 })
  await watcher.settled('hv2')
  t.equal(made.holder('address'), 'hv2')
  t.equal(made.holder('service'), null, 'which nobody holds: the operator has asked for that')
  t.match(await move({ to: 'hv1' }), { status: 200 })

  t.comment('the configuration is mended, and the daemon restarted')
  await hv2.stop()
  made.startNode('hv2')
  await eventually(async () => (await report())?.['eligible'] === true)
  await eventually(async () => (await differing()).length === 0)
  t.match(await move({ from: 'hv1' }), { status: 200 })
  await watcher.settled('hv2')
  t.equal(made.holder('service'), 'hv2')
  t.strictSame(made.collisions(), [])
})
