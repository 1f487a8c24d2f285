/**
 * What pvcnoded.yaml says of a node as a candidate, on a cluster of processes: the node with the higher priority is primary, one of priority 0 does not take
 * over by itself, one whose health is too low is not eligible and says why, and a request works all the same.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('preferences', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  await watcher.settled()
  const worn = join(made.folder, 'worn')
  writeFileSync(worn, '')
  const system = { intervals: { keepalive_interval: 1, fence_intervals: 6 }, collectors: [{ name: 'wear', command: ['sh', '-c', `if [ -e ${worn} ]; then echo '{"health_delta": 60}'; else echo '{}'; fi`] }] }
  const hv2 = made.startNode('hv2', { candidate: { priority: 0, min_health: 50 }, system })
  await watcher.sees('hv2 publishes its health', ({ members }) => members.some(({ name, presence }) => name === 'hv2' && presence?.preference.health === 40))
  const api = await made.startApi('hv1')
  const report = async () => (await askApi<Array<Record<string, unknown>>>(`${api}/api/v1/switchover/eligibility`)).body.find(({ name }) => name === 'hv2')
  const move = async (body: object) => await askForSwitchover(api, body, '?wait=30')
  await eventually(async () => (await report())?.['eligible'] === false)
  t.match(await report(), { priority: 0, min_health: 50, health: 40, reasons: [{ code: 'health_too_low' }], unwilling: [{ code: 'health_too_low' }, { code: 'priority_zero' }] })
  t.match(await move({ to: 'hv2' }), { status: 422 })
  const unwell = await hv2.logged(({ msg }) => msg.startsWith('the health of this node is 40 %, below its min_health of 50 %: it does not become primary by itself'))
  t.equal(unwell['level'], 'warn')

  t.comment('a health that is back is seen, and priority 0 does not take over by itself')
  rmSync(worn)
  const well = await hv2.logged(({ msg }) => msg === 'the health of this node is 100 % again, not below its min_health of 50 %')
  t.equal(well['level'], 'info')
  await eventually(async () => (await report())?.['eligible'] === true)
  t.match(await report(), { health: 100, reasons: [], unwilling: [{ code: 'priority_zero' }] })
  t.match(await move({ from: 'hv1' }), { status: 422, body: { code: 'not_eligible', reasons: { hv2: [{ code: 'priority_zero' }] } } })
  const { body: status } = await askApi<{ conditions: Array<{ code: string }> }>(`${api}/api/v1/status`)
  t.ok(status.conditions.some(({ code }) => code === 'candidates_unwilling'), 'the cluster says so')

  t.comment('a request overrides it')
  t.match(await move({ from: 'hv1', force: ['health', 'priority'] }), { status: 200, body: { force: ['priority'] } }, 'and its record says what it overrode')
  t.equal((await watcher.settled()).name, 'hv2')
  t.match(await move({ to: 'hv1' }), { status: 200 })

  t.comment('a primary that stops where no node takes the role over by itself says so')
  await watcher.settled('hv1')
  const hv1 = made.nodes.get('hv1')
  t.equal(await hv1?.stop(), 0)
  t.match(hv1?.log.find(({ msg }) => msg.includes('no other coordinator takes it over at present')), { level: 'warn', msg: 'this node has freed the primary key, to hand its role on; no other coordinator takes it over at present: hv2: it does not contend by itself (priority 0)' })
  t.equal(hv2.log.filter(({ msg }) => msg.startsWith('the health of this node')).length, 2, 'each once')
  t.strictSame(made.collisions(), [])
})
