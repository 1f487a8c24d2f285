/**
 * `npm run campaign -- outage`: ZooKeeper stopped by SIGSTOP for 60 s. Readings continue and say how old they are, writes are refused within their bound, and
 * after SIGCONT all is well without a restart.
 */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { askApi } from '../../support/api-client.ts'
import { startPvcapid } from '../../support/fuzzing.ts'
import { connect, eventually, keep, zookeeper } from '../../support/zookeeper.ts'
import { everything, makeCluster, OPERATE } from '../support/api.ts'

const PAUSE = Number(process.env['PAUSE'] ?? 60) * 1000
/** Milliseconds within which every write is to be answered. */
const BOUND = 5_000

t.test('ZooKeeper paused', { timeout: 300_000 }, async (t) => {
  const server = await zookeeper(t)
  await makeCluster(await connect(t, server, { sessionTimeout: 60_000 }))
  const { daemon, port } = await startPvcapid(t, server.connectString)
  const base = `http://127.0.0.1:${port}`
  const headers = { 'x-api-key': OPERATE }
  const { keeper } = keep(t, server, { sessionTimeout: 60_000 })
  const before = await everything(await keeper.ready())
  await server.pause()
  const paused = performance.now()
  let reads = 0
  let writes = 0
  let longest = 0
  const wrong: string[] = []
  const ages: number[] = []
  while (performance.now() - paused < PAUSE) {
    const since = performance.now() - paused
    for (const path of ['/api/v1/node', '/api/v1/node/fig/coordinator-state', '/api/v1/primary', '/api/v1/status', '/api/v1/switchover']) {
      const response = await fetch(`${base}${path}`, { headers })
      const age = Number(response.headers.get('x-view-age'))
      reads += 1
      ages.push(age)
      const stale = response.headers.get('x-view-stale') === 'true'
      if (response.status !== 200 || (since > 4_000 && !stale) || Math.abs(age - since / 1000) > 2.5) wrong.push(`${path} at ${since.toFixed(0)} ms: ${response.status}, age ${age}, ${stale ? 'stale' : 'fresh'}`)
      await response.arrayBuffer()
    }
    const asked = performance.now()
    const answers = await Promise.all([
      fetch(`${base}/api/v1/switchover`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"to":"fig"}' }),
      fetch(`${base}/api/v1/node/fig/coordinator-state?state=primary`, { method: 'POST', headers }),
      fetch(`${base}/api/v1/node/fig/domain-state?state=flush`, { method: 'POST', headers }),
      fetch(`${base}/api/v1/status?state=true`, { method: 'POST', headers }),
      fetch(`${base}/api/v1/node/fig?consistent`, { headers }),
    ])
    longest = Math.max(longest, performance.now() - asked)
    writes += answers.length - 1
    for (const answer of answers) {
      const { outcome } = await answer.json() as { outcome?: string }
      if (answer.status !== 503 || (answer.url.includes('consistent') ? false : outcome !== 'not_started')) wrong.push(`${answer.url}: ${answer.status} ${outcome ?? ''}`)
    }
    await delay(500)
  }
  t.equal((await fetch(`${base}/health/ready`)).status, 503)
  t.equal((await fetch(`${base}/health/live`)).status, 200)
  server.resume()
  const resumed = performance.now()
  await eventually(async () => (await fetch(`${base}/health/ready`)).status === 200)
  t.comment(`${reads} readings, all 200, ages up to ${Math.max(...ages).toFixed(1)} s; ${writes} writes, all 503, the longest after ${longest.toFixed(0)} ms; ready ${(performance.now() - resumed).toFixed(0)} ms after SIGCONT`)
  t.same(wrong, [])
  t.ok(longest < BOUND, 'within their bound')
  t.strictSame(await everything(await keeper.ready()), before, 'not_started was true: nothing was written')
  t.match(await askApi(`${base}/api/v1/switchover`, { method: 'POST', headers, body: { to: 'fig' } }), { status: 202 }, 'writes are taken again')
  t.ok(daemon.running)
})
