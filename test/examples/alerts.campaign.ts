/**
 * `npm run campaign -- alerts`: Debian's promtool on the example's rules, their unit tests, what a running API tells Prometheus, and every query of the
 * example's dashboard in a Prometheus that scrapes it.
 */
import { spawnSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { api, ask, clusterTree, settle, wish } from '../pvcapid/support/api.ts'
import { prometheus } from '../pvcapid/support/prometheus.ts'
import { eventually } from '../support/zookeeper.ts'
import { inPrometheus, queries } from './support/dashboard.ts'

function promtool (input: string, ...args: string[]): { status: number | null, output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { encoding: 'utf8', input })
  if (error !== undefined) throw new Error('promtool is missing: apt install prometheus', { cause: error })
  return { status, output: `${stdout}${stderr}`.trim() }
}

t.test('promtool', async (t) => {
  const rules = promtool('', 'check', 'rules', 'examples/prometheus/pvc-alerts.yaml')
  t.equal(rules.status, 0, rules.output)
  const tests = promtool('', 'test', 'rules', 'examples/prometheus/pvc-alerts.test.yaml')
  t.equal(tests.status, 0, tests.output)
  const { server, session } = await clusterTree(t)
  await session.create('/nodes/fig/keepalive', '1')
  const app = await api(t, { port: server.port })
  await wish(t, app, { to: 'fig' })
  const { text } = await ask(t, app, 'GET', '/metrics')
  const metrics = promtool(text, 'check', 'metrics')
  t.strictSame([metrics.status, metrics.output], [0, ''], 'names and units by the conventions')
  t.comment(`${rules.output}\n${tests.output}\n${text.split('\n').filter((line) => line.startsWith('# TYPE')).length} metrics, nothing to object to`)
})

/** What may have no series in a cluster that is well; these are only evaluated. */
const EMPTY = /^(Conditions now|Primary key written|Resources|Fences that would fail|State of fences|Conditions of fencing|Limits reached|Certificates end in|Operations that failed)\b/

t.test('the dashboard shows something in every panel', { timeout: 90_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await session.create('/nodes/fig/keepalive', '1')
  await session.create('/nodes/fig/monitoring_health', '100')
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const asked = await prometheus(t, `127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  settle(t, session, ['plum', 'fig', 'quince'])
  t.match(await wish(t, app, { to: 'fig' }, '?wait=60'), { status: 200 })
  for (const { where, expr } of queries) {
    const count = async (): Promise<number> => await asked.count(inPrometheus(expr))
    if (EMPTY.test(where)) t.ok(await count() >= 0, where)
    else t.ok(await eventually(async () => await count() > 0).then(() => true), where)
  }
})
