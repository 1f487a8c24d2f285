/** The status page without a browser: what is pure of its modules, and how its files are served. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { api, clusterTree, openApi, OPERATE, READ, wish } from '../support/api.ts'
import { zookeeper } from '../../support/zookeeper.ts'

const folder = join(packageFolder(), 'public')
/** Modules of browsers have no types here. */
type Pure = Readonly<Record<string, (...given: any[]) => any>>
const pure = async (name: string): Promise<Pure> => await import(pathToFileURL(join(folder, 'status', name)).href) as Pure

const NOW = Date.parse('2026-03-01T12:00:00.000Z')
const before = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()

t.test('times', async (t) => {
  const { took, relative, lasting, absolute, lengthOf, timeLeft } = await pure('times.js')
  const spans = [[0, '0 s'], [59, '59 s'], [60, '1 min'], [65, '1 min 5 s'], [600, '10 min'], [659, '10 min'], [3_600, '1 h'], [7_500, '2 h 5 min'], [86_400, '1 day'], [90_000, '1 day 1 h'], [1_000_000, '11 days'], [3_605, '1 h']] as const
  for (const [seconds, text] of spans) t.equal(lasting?.(before(seconds), NOW), `for ${text}`)
  t.equal(lasting?.(before(-5), NOW), 'for 0 s', 'never less than nothing')
  t.strictSame([took?.(430), took?.(9_949), took?.(12_300), took?.(-1)], ['0.4 s', '9.9 s', '12 s', '0.0 s'])
  t.strictSame([0, 3, 65, -2, -30].map((seconds) => relative?.(before(seconds), NOW)), ['just now', '3 s ago', '1 min 5 s ago', 'just now', 'in 30 s'])
  t.equal(relative?.('noon', NOW), 'noon', 'what is no time is shown as it is')
  t.equal(lasting?.(before(65), NOW), 'for 1 min 5 s')
  t.match(absolute?.(before(0)), /2026.*(UTC|GMT|[A-Z]{3,4})/, 'the zone is there')
  t.equal(lengthOf?.({ started_at: before(10), finished_at: before(7) }, NOW), 3_000)
  t.equal(lengthOf?.({ started_at: before(10), finished_at: null }, NOW), 10_000)
  t.equal(timeLeft?.({ started_at: before(10), timeout: 60 }, NOW), '50 s left of its bound of 1 min')
  t.equal(timeLeft?.({ started_at: before(70), timeout: 60 }, NOW), 'its bound of 1 min passed 10 s ago')
})

t.test('the banner', async (t) => {
  const { banner } = await pure('cluster.js')
  const condition = (code: string, severity: string) => ({ code, severity, message: `${code} is so.`, advice: `Mend ${code}.`, node: null, resource: null, since: null, fault: null })
  const show = (more: object) => banner?.({ status: { conditions: [] }, primary: { name: 'plum', settled: true }, open: undefined, failure: null, ...more })
  t.match(show({}), { tone: 'ok', message: 'plum is primary, and nothing is wrong.', rest: [] })
  t.match(show({ primary: { name: null, settled: false } }), { tone: 'ok', message: 'Nothing is wrong.' })
  t.match(show({ open: {} }), { tone: 'info', message: 'Nothing is wrong. A switchover is in progress.' })
  const all = [condition('maintenance', 'info'), condition('node_stopped', 'warning'), condition('primary_dead', 'critical'), condition('node_dead', 'critical')]
  const worst = show({ status: { conditions: all } })
  t.match(worst, { tone: 'critical', message: 'primary_dead is so.', advice: 'Mend primary_dead.' }, 'the sentence and the advice of the API')
  t.strictSame(worst.rest.map(({ code }: { code: string }) => code), ['node_dead', 'node_stopped', 'maintenance'], 'the others, the worst first')
  const stale = show({ status: { stale: true, conditions: [condition('primary_dead', 'critical'), condition('view_stale', 'critical')] } })
  t.match(stale, { tone: 'stale', message: 'view_stale is so.' }, 'without contact nothing else comes first')
  t.equal(stale.rest.length, 1)
  t.match(show({ status: null }), { tone: 'unknown' })
  t.match(show({ status: null, failure: 'No.' }), { tone: 'stale', message: 'No.' })
  t.match(show({ failure: 'No.', status: { conditions: all } }), { tone: 'stale', message: 'No.', rest: { length: 4 } }, 'an API that does not answer is no good news')
  const faulty = show({ status: { cluster_health: { health: 60, messages: [{ id: 'A', health_delta: 10, text: 'A fan is slow.' }, { id: 'B', health_delta: 30, text: 'A disk fails.' }] } } })
  t.match(faulty, { tone: 'warning', message: 'A disk fails.', rest: [{ message: 'A fan is slow.' }] }, "of PVC's daemons alone: its faults")
  t.match(show({ status: { cluster_health: { health: 100, messages: [] } } }), { tone: 'ok', message: 'The health of the cluster is 100 %.', advice: '' })
})

t.test('nodes', async (t) => {
  const { coordinatorsOf, hypervisorsOf, hypervisorSummary, fenceOf, isToConfirm, isForceable, preferences, keepaliveAges, resourceTone, isOnlyFigures } = await pure('cluster.js')
  const node = (name: string, more: object = {}) => ({ name, daemon_state: 'run', coordinator_state: 'client', health: 100, ...more })
  const nodes = [node('yew'), node('elm', { health: 70 }), node('ash', { daemon_state: 'stop' }), node('oak', { health: 'N/A' }), node('fig', { coordinator_state: 'secondary' }), node('bay', { coordinator_state: 'unknown' })]
  const names = (list: ReadonlyArray<{ name: string }>) => list.map(({ name }) => name)
  t.strictSame(names(coordinatorsOf?.(nodes)), ['bay', 'fig'], 'one of an unknown state counts')
  t.strictSame(names(hypervisorsOf?.(nodes)), ['ash', 'oak', 'elm', 'yew'], 'the worst first')
  t.strictSame(hypervisorSummary?.(hypervisorsOf?.(nodes)), { tone: 'warning', text: 'worst health unknown (oak); 1 not running: ash (stop)' })
  t.strictSame(hypervisorSummary?.([node('a'), node('b')]), { tone: 'ok', text: 'worst health 100 %' })
  t.equal(hypervisorSummary?.([node('a', { daemon_state: 'dead' })]).tone, 'critical')
  t.equal(hypervisorSummary?.(['a', 'b', 'c', 'd', 'e'].map((name) => node(name, { daemon_state: 'stop' }))).text, '5 not running: a (stop), b (stop), c (stop) and 2 more')
  t.strictSame([{ memory_used: 1 }, { daemon_state: 'stop' }, { domain_state: 'flush' }, { health: 50 }, { pvc_version: '2' }].map((more) => isOnlyFigures?.(node('a'), node('a', more))), [true, false, false, false, false], 'what a condition may follow from is read about')

  const fencing = { failover: 'fenced', suspended: null, broken: [{ node: 'fig', message: 'No answer.', since: before(5), found_by: 'plum' }], dead: [{ node: 'bay', state: 'unconfirmed', since: before(9), message: 'No power.' }, { node: 'elm', state: null }] }
  t.match(fenceOf?.('fig', fencing), { tone: 'critical', text: 'Would fail, by plum: No answer.' })
  t.match(fenceOf?.('bay', fencing), { tone: 'critical', text: 'Its fence is not confirmed. No power.' })
  t.match(fenceOf?.('elm', fencing), { tone: 'warning' }, 'dead, and nothing known: not ready')
  t.match(fenceOf?.('plum', fencing), { tone: 'ok' })
  t.match(fenceOf?.('plum', { ...fencing, failover: 'manual' }), { tone: 'unknown', text: /operator/ })
  t.equal(fenceOf?.('plum', undefined), null)
  const dead = (name: string) => isToConfirm?.(node(name, { daemon_state: 'dead' }), { dead: [{ node: 'bay', state: 'unconfirmed' }, { node: 'elm', state: 'confirmed' }] })
  t.strictSame([dead('bay'), dead('elm'), dead('fig'), isToConfirm?.(node('bay'), undefined)], [true, false, true, false])

  t.strictSame([[], ['health_too_low'], ['health_too_low', 'not_running']].map((codes) => isForceable?.({ reasons: codes.map((code) => ({ code })) })), [false, true, false])
  t.strictSame([preferences?.(undefined), preferences?.({ priority: 50, min_health: 0 }), preferences?.({ priority: 0, min_health: 60 })], ['', '', 'priority 0, min_health 60 %'])
  t.strictSame([['held'], ['lost'], ['acquiring'], ['released'], ['held', [{}]]].map(([state, concerns]) => resourceTone?.({ state, concerns })), ['ok', 'critical', 'warning', 'unknown', 'warning'])
  const ages = keepaliveAges?.('# HELP pvc_node_keepalive_age_seconds x\npvc_node_keepalive_age_seconds{node="fig"} 3.25\npvc_node_keepalive_age_seconds{node="a\\"b"} 1\npvc_other{node="plum"} 4\npvc_node_keepalive_age_seconds{node="nan"} NaN\n')
  t.strictSame([...ages], [['fig', 3.25], ['a"b', 1]])
})

t.test('history', async (t) => {
  const { merged, filtered, change, outcomeText, ending, sides, runOf } = await pure('past.js')
  const entry = (epoch: number, more: object = {}) => ({ epoch, first_epoch: epoch, count: 1, from: 'plum', to: 'fig', became: null, done: true, outcome: 'succeeded', cause: 'request', reason: null, error: null, requested_by: null, ...more })
  const run = entry(6, { count: 3, first_epoch: 4, outcome: 'failed', cause: 'contention' })
  const live = new Map([[8, entry(8, { done: false, outcome: null })], [7, entry(7, { reason: 'tea' })], [5, entry(5)]])
  const all = merged?.([[entry(7), run], [run, entry(3)]], live) as Array<ReturnType<typeof entry>>
  t.strictSame(all.map(({ epoch }) => epoch), [8, 7, 6, 3], 'newer ones of the stream first; pages that overlap are one list; the members of a run stay in it')
  t.equal(all[1]?.reason, 'tea', 'what the stream said is newer')
  const epochs = (given: object) => filtered?.(all, given).map(({ epoch }: { epoch: number }) => epoch)
  t.strictSame(epochs({}), [8, 7, 6, 3])
  t.strictSame(epochs({ kind: 'unsuccessful' }), [6], 'one in progress has not failed')
  t.strictSame(epochs({ kind: 'failovers' }), [6])
  t.strictSame(epochs({ text: ' TEA  plum' }), [7])
  t.strictSame([change?.(entry(1)), change?.(entry(1, { from: null, to: null, became: 'elm' })), change?.(entry(1, { to: null }))], ['plum → fig', 'nobody → elm', 'plum → any other'])
  t.strictSame([outcomeText?.({ outcome: 'timed_out' }), outcomeText?.({ outcome: null })], ['timed out', 'in progress'])
  t.equal(ending?.(entry(3, { became: 'fig' }), '2 s'), 'Switchover 3 succeeded: fig is primary, after 2 s.')
  t.equal(ending?.(entry(3, { outcome: 'failed', error: { message: 'It is cold.' } }), '2 s'), 'Switchover 3 ended after 2 s: failed. It is cold.')
  t.strictSame(runOf?.(run), [5, 4])
  const step = { coordinator_state: 'relinquish', step: 1, of: 2, resource: null }
  t.match(sides?.({ from: 'plum', to: 'fig', nodes: { plum: step, elm: { ...step, of: 0 } } }), [{ name: 'plum', step: 1 }, { name: 'fig', of: 0 }])
  t.strictSame(sides?.({ from: null, to: null, nodes: { fig: step, elm: step } }).map(({ name }: { name: string }) => name), ['elm', 'fig'])
})

t.test('the files', async (t) => {
  const modules = readdirSync(join(folder, 'status')).map((name) => `/status/${name}`)
  const server = await zookeeper(t)
  const app = await openApi(t, { port: server.port })
  const files: ReadonlyArray<readonly [string, string]> = [['/', 'text/html'], ['/status.css', 'text/css'], ...['/status.js', ...modules].map((name) => [name, 'text/javascript'] as const)]
  for (const [url, type] of files) {
    const { statusCode, headers, body } = await app.inject(url)
    t.match([statusCode, headers['content-type'], headers['cache-control'], headers['content-security-policy']], [200, `${type}; charset=utf-8`, 'no-cache', /default-src 'none'; script-src 'self'/], url)
    t.equal((await app.inject({ url, headers: { 'if-none-match': String(headers.etag) } })).statusCode, 304, `${url} is not sent again`)
    t.notMatch(body, /innerHTML|outerHTML|insertAdjacent|document\.write|style="|onclick=|eval\(/, `${url} makes no markup of text`)
    // What it imports is there, and everything is asked for relative to the page.
    for (const [, name = ''] of body.matchAll(/from '(\.[^']+)'/g)) t.ok(modules.includes(new URL(name, `http://x${url}`).pathname), `${url} imports ${name}`)
    t.notMatch(body, /(?:href|src)="\/|['`]\/(?:api|health|metrics)/, `${url} has no link from the root`)
  }
  for (const name of ['status.js', ...modules]) t.ok(readFileSync(join(folder, name), 'utf8').split('\n').length < 300, name)
  t.equal((await app.inject('/status/nothing.js')).statusCode, 404)
})

t.test('the form of replies', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, node: 'plum' })
  const { isStatus, isHistory, isStory, isEligibility, isText, isBegun, isDone, isEvent } = await pure('forms.js')
  const get = async (url: string) => (await app.inject(url)).json<unknown>()
  const { body: begun } = await wish(t, app, { to: 'fig' })
  const fitsEvent = (event: string) => (data: unknown): unknown => isEvent?.({ event, data })
  const replies = [
    ['a status', isStatus, await get('/api/v1/status')],
    ['a history', isHistory, await get('/api/v1/switchover')],
    ['a story', isStory, await get(`/api/v1/switchover/${String(begun['epoch'])}`)],
    ['an eligibility', isEligibility, await get('/api/v1/switchover/eligibility')],
    ['figures', isText, (await app.inject('/metrics')).body],
    ['a switchover that has begun', isBegun, begun],
    ['something that was done', isDone, { message: 'The cluster is in maintenance mode now.' }],
    ['a node', fitsEvent('node'), (await get('/api/v1/node/plum') as unknown[])[0]],
    ['a switchover', fitsEvent('switchover'), begun],
    ['a primary', fitsEvent('primary'), await get('/api/v1/primary')],
  ] as const
  for (const [name, fits, reply] of replies) {
    t.equal(fits?.(reply), true, `${name}, as the API has it: ${JSON.stringify(reply).slice(0, 200)}`)
    const others = [undefined, null, {}, [null], 7, { error: 'log in' }, ...name === 'figures' ? [] : ['<html>Log in</html>'], ...name === 'a history' || name === 'an eligibility' ? [] : [[]]]
    for (const other of others) t.equal(fits?.(other), false, `${name} is not ${JSON.stringify(other)}`)
  }
  t.equal(isEvent?.({ event: 'of a newer API', data: null }), true)
})

t.test('whether a key is needed, and what it allows', async (t) => {
  const { server } = await clusterTree(t)
  const open = await api(t, { port: server.port })
  const keyed = await api(t, { port: server.port, authentication: true })
  t.notMatch((await open.inject('/')).body, 'data-key')
  t.match((await keyed.inject('/')).body, '<html lang="en" data-key="needed">')
  keyed.reload({ ...keyed.config, tokens: undefined })
  t.notMatch((await keyed.inject('/')).body, 'data-key', 'as it is now, not as it was at the start')
  keyed.reload(keyed.config)
  for (const [app, key, role] of [[keyed, OPERATE, 'operate'], [keyed, READ, 'read'], [open, undefined, null]] as const) {
    const base = await (app.server.listening ? `http://127.0.0.1:${(app.server.address() as { port: number }).port}` : app.listen({ host: '127.0.0.1', port: 0 }))
    const ended = new AbortController()
    const { headers } = await fetch(`${base}/api/v1/events`, { headers: key === undefined ? {} : { 'x-api-key': key }, signal: ended.signal })
    t.equal(headers.get('x-api-role'), role, `the stream says ${role}`)
    ended.abort()
  }
})
