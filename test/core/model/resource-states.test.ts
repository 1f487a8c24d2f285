/** Where each resource stands, as it is written and read. */
import t from 'tap'
import { parseCourses, parseResources, resourcesText, type ResourceStatus } from '../../../src/core/model/resource-states.ts'

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
