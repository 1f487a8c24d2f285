/** `npm run campaign -- alerts`: Debian's promtool on the example's rules, their unit tests, and what a running API tells Prometheus. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { api, ask, clusterTree, wish } from '../pvcapid/support/api.ts'

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
