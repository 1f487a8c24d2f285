// Faults as PVC keeps them: the same id for the same kind of fault of the same node.
import t from 'tap'
import { faultId, faultKinds, faultTexts, faultTime, type FaultKind } from '../../../src/core/pvc/fault.ts'

t.test('ids', async (t) => {
  const ids = (Object.keys(faultKinds) as FaultKind[]).flatMap((kind) => ['hv1', 'hv2', 'hv10'].map((node) => faultId({ kind, node })))
  t.equal(new Set(ids).size, ids.length)
  for (const id of ids) t.match(id, /^[0-9A-F]{8}$/)
  t.equal(faultId({ kind: 'node_dead', node: 'hv1', detail: 'x' }), faultId({ kind: 'node_dead', node: 'hv1' }))
})

t.test('texts', async (t) => {
  t.equal(faultTime('2026-02-03T04:05:06.789Z'), '2026-02-03 04:05:06')
  for (const kind of Object.keys(faultKinds) as FaultKind[]) {
    const texts = faultTexts({ kind, node: 'hv1', detail: 'its reason' }, '2026-02-03T04:05:06.789Z')
    t.match(texts, { last_time: '2026-02-03 04:05:06', first_time: '2026-02-03 04:05:06', ack_time: '', status: 'new', delta: /^\d+$/, message: /hv1/ })
    t.ok(faultTexts({ kind, node: 'hv1', detail: 'x'.repeat(1_000) }, '').message.length <= 500)
  }
  t.equal(faultTexts({ kind: 'resource_lost', node: 'hv1' }, '').message, 'Node hv1 has lost a resource and could not acquire it again: ')
})
