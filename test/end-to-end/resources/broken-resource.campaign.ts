/**
 * A resource that no node can acquire, for a quarter of an hour: attempts thin out to one of each node in five minutes; and how soon the former
 * primary holds everything again where one node alone is broken. A campaign (`npm run campaign -- broken-resource`; BROKEN_MINUTES, BROKEN_ROUNDS).
 */
import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import { askForSwitchover } from '../../support/api-client.ts'
import { attemptsOf, breakable, breakOn, historyOf } from '../../support/breakable.ts'
import { cluster, quick } from '../../support/cluster.ts'

const nodes = ['hv1', 'hv2', 'hv3']
const minutes = Number(process.env['BROKEN_MINUTES'] ?? 16)
const rounds = Number(process.env['BROKEN_ROUNDS'] ?? 10)

t.test('broken on one node only', { timeout: 0 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick, ...breakable })
  breakOn(made, 'hv2')
  const api = await made.startApi('hv1')
  const took: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const former = (await watcher.settled(undefined, 60_000)).name
    const tried = attemptsOf(made, 'hv2').length
    const from = performance.now()
    t.match(await askForSwitchover(api, { to: 'hv2' }, '?wait=60'), { status: 502 }, `round ${round}: failed`)
    await watcher.settled(former)
    took.push((performance.now() - from) / 1000)
    t.equal(made.holder('service'), former)
    t.equal(attemptsOf(made, 'hv2').length, tried + 2)
  }
  t.comment(`asked for, failed, and the former primary holds everything again after ${took.map((seconds) => seconds.toFixed(1)).join(', ')} s`)
  t.ok(Math.max(...took) < 10)
})

t.test(`broken everywhere, ${minutes} minutes`, { timeout: 0 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick, ...breakable })
  for (const node of nodes) breakOn(made, node)
  for (const node of nodes) made.startNode(node)
  const api = await made.startApi('hv1')
  await delay(minutes * 60_000)
  const pauses = nodes.map((node) => {
    // Every second one is the retry of the one before it.
    const times = attemptsOf(made, node).filter((_, index) => index % 2 === 0)
    return times.slice(1).map((at, index) => at - (times[index] ?? at))
  })
  for (const [index, list] of pauses.entries()) t.comment(`${nodes[index] ?? ''}: pauses of ${list.map((seconds) => seconds.toFixed(0)).join(', ')} s`)
  t.ok(pauses.every((list) => list.every((pause, index) => pause >= Math.min(300, 5 * 2 ** index))), 'each at least twice the one before, up to five minutes')
  const records = watcher.feed.view?.records ?? []
  t.comment(`${records.length} records: ${records.filter(({ outcome }) => outcome === 'failed').length} failed, ${records.filter(({ cause }) => cause === 'rollback').length} rollbacks`)
  const entries = await historyOf(api)
  t.comment(`the history: ${entries.map(({ outcome, count }) => `${count} ${outcome ?? 'in progress'}`).join(', ')}`)
  t.equal(entries.filter(({ done }) => done).length, 1, 'the history has one entry for all that is over')
})
