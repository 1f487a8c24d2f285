/**
 * A resource that one node cannot acquire: the switchover to it fails with the reason, and the former primary holds everything again. One that no
 * node can acquire: what they try is one entry of the history.
 */
import t from 'tap'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { attemptsOf, breakable, breakOn, historyOf, mendOn } from '../../support/breakable.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('an acquire that fails on one node only', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2', 'hv3'], ...quick, ...breakable })
  const api = await made.startApi('hv1')
  const former = await watcher.settled()
  const broken = former.name === 'hv2' ? 'hv3' : 'hv2'
  breakOn(made, broken)
  t.match(await askForSwitchover(api, { to: broken }, '?wait=60'), { status: 502, body: { code: 'switchover_failed', to: broken, outcome: 'failed', error: { code: 'acquire_failed', resource: 'service', message: 'The acquire command of service exited with 3.' } } })
  const settled = await watcher.settled(former.name)
  t.match(watcher.feed.view?.records.find(({ epoch }) => epoch === settled.epoch), { cause: 'rollback' })
  t.same(['address', 'service'].map((resource) => made.holder(resource)), [former.name, former.name])
  t.equal(attemptsOf(made, broken).length, 2, 'tried twice as configured, and not again: it backs off')
  t.same(made.collisions(), [])
})

t.test('an acquire that fails everywhere', { timeout: 120_000 }, async (t) => {
  const nodes = ['hv1', 'hv2', 'hv3']
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick, ...breakable })
  for (const node of nodes) breakOn(made, node)
  for (const node of nodes) made.startNode(node)
  const api = await made.startApi('hv1')
  await watcher.sees('six takeovers that failed', ({ records }) => records.filter(({ outcome, to }) => outcome === 'failed' && to !== null).length >= 6, 60_000)

  let entries = await historyOf(api)
  const over = () => entries.filter(({ done }) => done)
  await eventually(async () => {
    entries = await historyOf(api)
    // The API may be a moment behind the watcher: six takeovers, and the rollbacks between them.
    return over().length === 1 && (over()[0]?.count ?? 0) >= 11
  })
  t.match(over(), [{ cause: 'contention', outcome: 'failed', error: { code: 'acquire_failed', resource: 'service' }, first_epoch: 1 }], 'one entry')
  const [{ epoch = 0, count = 0 } = {}] = over()
  t.equal(count, epoch, `of ${count} switchovers`)
  t.ok(entries.every(({ done, count }) => done || count === 1), 'and what is in progress')
  const each = await historyOf(api, '?each')
  t.strictSame(each.slice(-epoch).map(({ epoch, count }) => [epoch, count]), Array.from({ length: epoch }, (_, index) => [epoch - index, 1]), 'each by itself, if that is asked for')
  t.match(await askApi(`${api}/api/v1/switchover/1`), { body: { epoch: 1, cause: 'contention', outcome: 'failed' } })

  for (const node of nodes) mendOn(made, node)
  const settled = await watcher.settled(undefined, 60_000)
  await eventually(async () => {
    entries = await historyOf(api)
    return entries[0]?.epoch === settled.epoch && entries.every(({ done }) => done)
  })
  const retries = entries.at(-1)
  t.match(entries, [{ epoch: settled.epoch, to: settled.name, outcome: 'succeeded', count: 1 }, ...entries.slice(1, -1).map(() => ({ outcome: 'succeeded', count: 1 })), { first_epoch: 1, epoch: retries?.count }], 'a success is apart from them')
  t.ok((retries?.count ?? 0) >= count)
})

t.test('a request ends the backoff of the node that it names', { timeout: 120_000 }, async (t) => {
  const nodes = ['hv1', 'hv2']
  const { cluster: made } = await cluster(t, { nodes: [], ...quick, ...breakable })
  for (const node of nodes) breakOn(made, node)
  for (const node of nodes) made.startNode(node)
  const api = await made.startApi('hv1')
  const enough = 8_000
  const backingOff = async () => {
    const { body: reports } = await askApi<ReadonlyArray<{ name: string, stands_back: { until: string, why: string } | null }>>(`${api}/api/v1/switchover/eligibility`)
    const until = ({ stands_back: back }: typeof reports[number]) => back === null ? 0 : Date.parse(back.until)
    // All of them: one whose backoff ends sooner would contend before the request does.
    return reports.length === nodes.length && reports.every((report) => until(report) > Date.now() + enough) ? reports[0] : undefined
  }
  let found: Awaited<ReturnType<typeof backingOff>>
  await eventually(async () => (found = await backingOff()) !== undefined)
  t.match(found?.stands_back?.why, /The acquire command of service exited with 3/)
  for (const node of nodes) mendOn(made, node)
  const reply = await askForSwitchover<{ readonly finished_at: string }>(api, { to: found?.name }, '?wait=60')
  t.match(reply, { status: 200, body: { to: found?.name, cause: 'request', outcome: 'succeeded' } })
  const { finished_at: at } = reply.body
  t.ok(Date.parse(at) < Date.parse(found?.stands_back?.until ?? ''), `at ${at}, before ${found?.stands_back?.until}`)
  t.match(made.holder('service'), found?.name)
})
