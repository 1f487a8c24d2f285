/** Where each resource stands, as it is written and read. */
import t from 'tap'
import { parseResources, resourcesText, type ResourceStatus } from '../../../src/core/model/resource-states.ts'

t.test('what is written is what is read', async (t) => {
  const statuses: ResourceStatus[] = [
    { name: 'ip', state: 'held', since: '2026-01-01T00:00:00.000Z', error: null, concerns: [{ code: 'address_duplicate', message: 'another machine has it', since: '2026-01-01T00:00:01.000Z' }] },
    { name: 'dhcp', state: 'failed', since: '2026-01-01T00:00:00.000Z', error: 'The acquire of dhcp exited with 1.', concerns: [] },
  ]
  t.strictSame(parseResources(resourcesText(statuses)), statuses)
})

t.test('a malformed entry costs itself alone', async (t) => {
  t.strictSame(parseResources('{"resources": [null, 1, {"name": "a"}, {"name": "a", "state": "toString"}, {"state": "held"}, {"name": "a", "state": "held"}]}'),
    [{ name: 'a', state: 'held', since: '', error: null, concerns: [] }])
  t.match(parseResources('{"resources": [{"name": "a", "state": "held", "concerns": [null, 1, {"code": "toString"}, {"code": "address_duplicate"}]}]}'),
    [{ concerns: [{ code: 'address_duplicate', message: '', since: '' }] }])
  for (const bad of [undefined, null, '', 'x', '[]', '{}', '{"resources": {}}']) t.equal(parseResources(bad), null)
})
