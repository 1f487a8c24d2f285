// On what evidence a failover began, as it is kept in its record.
import t from 'tap'
import { fenceEvidence, parseEvidence, type Evidence } from '../../../src/core/model/failover.ts'
import { confirmed, newFence } from '../../../src/core/model/fence-record.ts'

const WALL = '2026-01-01T00:00:00.000Z'
const judged = newFence('hv2', 'presence_gone', { presence: null, renewal: null, keepalive: '17/0a' }, WALL)
const fence = fenceEvidence(confirmed({ ...judged, attempts: 2, method: 'ipmi' }, 'hv3', 'Its power is off.', 'then'))
const evidence: Evidence = { node: 'hv1', daemon_state: 'fenced', judged_by: 'hv2', judged_at: WALL, why: 'presence_gone', last_sign_at: WALL, fence }

t.test('a fence as evidence', async (t) => {
  t.equal(fenceEvidence(null), null)
  t.strictSame(fence, { state: 'confirmed', by: 'hv2', method: 'ipmi', attempts: 2, confirmed_by: 'hv3', confirmed_at: 'then', message: 'Its power is off.' })
  t.ok((fenceEvidence({ ...judged, message: 'x'.repeat(5_000) })?.message?.length ?? 0) <= 300, 'a record has to stay short enough to be read')
})

t.test('there and back, and nothing is believed that is no word of ours', async (t) => {
  const back = (value: unknown) => parseEvidence(JSON.parse(JSON.stringify(value)))
  t.strictSame(back(evidence), evidence)
  t.strictSame(back({ ...evidence, fence: null }), { ...evidence, fence: null })
  for (const malformed of [null, undefined, 7, 'hv1', [], {}, { ...evidence, node: 7 }, { ...evidence, daemon_state: 'run' }]) t.equal(parseEvidence(malformed), null)
  t.strictSame(back({ node: 'hv1', daemon_state: 'dead', judged_by: 7, why: 'a guess', fence: { state: 'down' } }), { node: 'hv1', daemon_state: 'dead', judged_by: null, judged_at: null, why: null, last_sign_at: null, fence: null })
  t.strictSame(back({ node: 'n'.repeat(500), daemon_state: 'dead', fence: { state: 'pending', attempts: 'many', message: 'y'.repeat(5_000) } })?.fence, { state: 'pending', by: null, method: null, attempts: 0, confirmed_by: null, confirmed_at: null, message: back({ ...evidence, fence: { ...fence, message: 'y'.repeat(5_000) } })?.fence?.message })
  t.equal(back({ node: 'n'.repeat(500), daemon_state: 'dead' })?.node.length, 128)
})
