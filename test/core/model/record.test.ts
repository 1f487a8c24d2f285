// Records as text: made, closed, and read from anything.
import t from 'tap'
import type { Evidence } from '../../../src/core/model/failover.ts'
import { closeRecord, isOpen, openRecord, parseRecord } from '../../../src/core/model/record.ts'

const evidence: Evidence = { node: 'hv1', daemon_state: 'fenced', judged_by: 'hv2', judged_at: 'then', why: 'keepalive_stale', last_sign_at: 'before', fence: null }
const opened = openRecord(7, 'then', { from: 'hv1', to: 'hv2', cause: 'request', timeout: 40.5, requested_by: 'ops', reason: 'kernel' })

t.test('there and back', async (t) => {
  t.strictSame(parseRecord(JSON.stringify(opened), 7), opened)
  t.ok(isOpen(opened))
  t.match(openRecord(1, 'then', { from: null, to: null, cause: 'shutdown', timeout: 1 }), { requested_by: null, reason: null })
  const closed = closeRecord(opened, 'now', { outcome: 'failed', error: { code: 'acquire_failed', resource: 'ip', message: 'no' }, continued_by: 8 }, {
    progress: 0.5,
    nodes: { hv2: { coordinator_state: 'secondary', step: 1, of: 2, resource: 'ip' } },
    timeline: [{ at: 'then', node: 'hv2', coordinator_state: 'takeover' }],
  })
  t.notOk(isOpen(closed))
  t.strictSame(parseRecord(JSON.stringify(closed), 7), closed)
  const forced = openRecord(7, 'then', { from: 'hv1', to: 'hv2', cause: 'request', timeout: 40, force: ['health', 'resources'] })
  t.strictSame(parseRecord(JSON.stringify(forced), 7), forced)
  t.equal(opened.force, null)
  const failover = openRecord(7, 'then', { from: 'hv1', to: 'hv2', cause: 'fence', timeout: 40, evidence, last_held_at: 'before' })
  t.strictSame(parseRecord(JSON.stringify(failover), 7), failover)
  const times = { last_held_at: 'before', held_again_at: 'after', outage_seconds: 12.5, resources: { ip: { released_by: null, release_seconds: null, acquired_by: 'hv2', acquire_seconds: 0.25 } } }
  const whole = closeRecord(failover, 'now', { outcome: 'succeeded' }, { progress: 1, nodes: {}, timeline: [], ...times })
  t.match(whole, { evidence, ...times })
  t.strictSame(parseRecord(JSON.stringify(whole), 7), whole)
  t.match(closeRecord(failover, 'now', { outcome: 'failed' }, { progress: 1, nodes: {}, timeline: [] }), { last_held_at: 'before', held_again_at: null, outage_seconds: null, resources: {} })
  t.match(closeRecord(opened, 'now', { outcome: 'superseded' }, opened), { outcome: 'superseded', finished_at: 'now', error: null, continued_by: null })
})

t.test('what is malformed is nobody\'s switchover', async (t) => {
  for (const text of [undefined, '', '{}', '{"epoch":1,"cause":"whim","timeout":1}', '{"epoch":-1,"cause":"request","timeout":1}', '{"epoch":1,"cause":"request","timeout":"1"}', '{"epoch":2,"cause":"request","timeout":1}', '{"epoch":1,"cause":"request","timeout":1e999}', '{"epoch":1,"cause":"request","timeout":-1}']) {
    t.equal(parseRecord(text, 1), null, String(text))
  }
})

t.test('a malformed part costs only itself', async (t) => {
  const base = { epoch: 1, cause: 'request', timeout: 1 }
  t.match(parseRecord(JSON.stringify(base), 1), { from: null, started_at: '', outcome: null, progress: 0, nodes: {}, timeline: [] })
  const odd = parseRecord(JSON.stringify({
    ...base,
    outcome: 'splendid',
    progress: 1.5,
    nodes: { hv1: null, hv2: { coordinator_state: 'x', step: -1 } },
    timeline: [null, { node: 'hv1', coordinator_state: 'x' }, { coordinator_state: 'primary' }, { node: 'hv1', coordinator_state: 'primary' }],
  }), 1)
  const empty = { coordinator_state: null, step: 0, of: 0, resource: null }
  t.strictSame([odd?.outcome, odd?.progress, odd?.nodes, odd?.timeline], [null, 0, { hv1: empty, hv2: empty }, [{ at: '', node: 'hv1', coordinator_state: 'primary' }]])
  t.strictSame(parseRecord(JSON.stringify({ ...base, nodes: 'x', timeline: 'x', progress: -1 }), 1)?.nodes, {})
  t.match(parseRecord(JSON.stringify({ ...base, evidence: 'x', last_held_at: 7, outage_seconds: -1, resources: [1] }), 1), { evidence: null, last_held_at: null, held_again_at: null, outage_seconds: null, resources: {} })
  t.strictSame(parseRecord(JSON.stringify({ ...base, outage_seconds: '1', resources: { ip: null, dhcp: { released_by: 7, acquire_seconds: 1 } } }), 1)?.resources, {
    ip: { released_by: null, release_seconds: null, acquired_by: null, acquire_seconds: null }, dhcp: { released_by: null, release_seconds: null, acquired_by: null, acquire_seconds: 1 },
  })
  const { force: _, ...earlier } = opened
  t.strictSame(parseRecord(JSON.stringify(earlier), 7), opened, 'a record of a version that does not keep what was overridden')
  for (const [force, read] of [[['splendour', 'priority', 'health', 'health', 7], ['health', 'priority']], [['splendour'], null], [[], null], ['health', null], [{ health: true }, null]] as const) {
    t.strictSame(parseRecord(JSON.stringify({ ...base, force }), 1)?.force, read, JSON.stringify(force))
  }
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`r${index}`, {}]))
  t.equal(Object.keys(parseRecord(JSON.stringify({ ...base, resources: many }), 1)?.resources ?? {}).length, 64)
})
