/** Where each resource stands, as it is written and read. */
import t from 'tap'
import { beganLastRelease, parseCourses, parseResources, resourcesText, type ResourceStatus } from '../../../src/core/model/resource-states.ts'
import type { Znode } from '../../../src/core/model/znode.ts'

t.test('what is written is what is read', async (t) => {
  const statuses: ResourceStatus[] = [
    { name: 'ip', state: 'held', since: '2026-01-01T00:00:00.000Z', error: null, concerns: [{ code: 'address_duplicate', message: 'another machine has it', since: '2026-01-01T00:00:01.000Z' }] },
    { name: 'dhcp', state: 'failed', since: '2026-01-01T00:00:00.000Z', error: 'The acquire of dhcp exited with 1.', concerns: [] },
  ]
  t.strictSame(parseResources(resourcesText(statuses)), statuses)
})

t.test('what an acquisition or a release took, beside the state that it led to', async (t) => {
  const status = (name: string, state: ResourceStatus['state']): ResourceStatus => ({ name, state, since: '2026-01-01T00:00:00.000Z', error: null, concerns: [] })
  const statuses = [status('ip', 'held'), status('dhcp', 'released'), status('dns', 'held'), status('ntp', 'acquiring')]
  const text = resourcesText(statuses, new Map([['ip', { seconds: 0.25, epoch: 7 }], ['dhcp', { seconds: 0, epoch: 6 }], ['ntp', { seconds: 1, epoch: 7 }]]))
  t.strictSame(parseResources(text), statuses, 'readers of the states see nothing new')
  t.strictSame(parseCourses(text), [
    { name: 'ip', action: 'acquire', seconds: 0.25, epoch: 7, at: '2026-01-01T00:00:00.000Z' },
    { name: 'dhcp', action: 'release', seconds: 0, epoch: 6, at: '2026-01-01T00:00:00.000Z' },
  ])
  for (const bad of [undefined, null, '', 'x', '[]', '{}', '{"resources": {}}', '{"resources": [null, 1, {"state": "held", "seconds": 1, "epoch": 1}, {"name": "a", "state": "held", "seconds": -1, "epoch": 1}, {"name": "a", "state": "held", "seconds": 1}]}']) t.strictSame(parseCourses(bad), [])
  t.match(parseCourses('{"resources": [{"name": "a", "state": "held", "seconds": 1, "epoch": 1}]}'), [{ at: '' }])
  t.strictSame(parseCourses(JSON.stringify({ resources: [{ name: 'n'.repeat(500), state: 'held', seconds: 1, epoch: 1 }] })), [], 'a record has to stay short enough to be read')
})

t.test('a malformed entry costs itself alone', async (t) => {
  t.strictSame(parseResources('{"resources": [null, 1, {"name": "a"}, {"name": "a", "state": "toString"}, {"state": "held"}, {"name": "a", "state": "held"}]}'),
    [{ name: 'a', state: 'held', since: '', error: null, concerns: [] }])
  t.match(parseResources('{"resources": [{"name": "a", "state": "held", "concerns": [null, 1, {"code": "toString"}, {"code": "address_duplicate"}]}]}'),
    [{ concerns: [{ code: 'address_duplicate', message: '', since: '' }] }])
  for (const bad of [undefined, null, '', 'x', '[]', '{}', '{"resources": {}}']) t.equal(parseResources(bad), null)
})

t.test('when a node began to release for the last time', async (t) => {
  const znode = (data: string, modified = '2026-01-01T00:00:20.000Z'): Znode => ({ data, version: 0, czxid: '1', mzxid: '1', modified, owner: '' })
  const relinquish = (epoch: number | null, modified?: string) => znode(JSON.stringify({ epoch, direction: 'relinquish', step: 2, of: 2, resource: null, released: ['ip', 'dhcp'], since: '', error: null }), modified)
  const course = (name: string, since: string, seconds: number, epoch = 3, state = 'released') => ({ name, state, since, seconds, epoch })
  const resources = (...list: readonly object[]) => znode(JSON.stringify({ resources: list }))
  const both = resources(course('ip', '2026-01-01T00:05:04.000Z', 1), course('dhcp', '2026-01-01T00:05:03.000Z', 2))
  t.equal(beganLastRelease(relinquish(3), both), '2026-01-01T00:00:17.000Z', 'whatever its own clock says')
  t.equal(beganLastRelease(relinquish(null), both), '2026-01-01T00:00:17.000Z')
  t.equal(beganLastRelease(relinquish(4), both), null, 'of another transition')
  t.equal(beganLastRelease(relinquish(3), resources(course('ip', '2026-01-01T00:05:04.000Z', 1, 3, 'held'))), null)
  t.equal(beganLastRelease(relinquish(3), undefined), null)
  t.equal(beganLastRelease(undefined, both), null)
  t.equal(beganLastRelease(znode('{"direction":"start"}'), both), null)
  t.equal(beganLastRelease(relinquish(3, 'once'), both), null, 'no date')
})
