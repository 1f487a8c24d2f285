/** A resource that one node cannot acquire: the switchover to it fails with the reason, and the former primary holds everything again. */
import t from 'tap'
import { cluster, quick } from '../support/cluster.ts'
import { attemptsOf, breakable, breakOn } from '../support/breakable.ts'

t.test('an acquire that fails on one node only', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2', 'hv3'], ...quick, ...breakable })
  const api = await made.startApi('hv1')
  const former = await watcher.settled()
  const broken = former.name === 'hv2' ? 'hv3' : 'hv2'
  breakOn(made, broken)
  const response = await fetch(`${api}/api/v1/switchover?wait=60`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: broken }) })
  t.equal(response.status, 502)
  t.match(await response.json(), { code: 'switchover_failed', to: broken, outcome: 'failed', error: { code: 'acquire_failed', resource: 'service', message: 'The acquire command of service exited with 3.' } })
  const settled = await watcher.settled(former.name)
  t.match(watcher.feed.view?.records.find(({ epoch }) => epoch === settled.epoch), { cause: 'rollback' })
  t.same(['address', 'service'].map((resource) => made.holder(resource)), [former.name, former.name])
  t.equal(attemptsOf(made, broken).length, 2, 'tried twice as configured, and not again: it stands back')
  t.same(made.collisions(), [])
})
