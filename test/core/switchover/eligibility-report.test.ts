// Whether each coordinator may be made primary now.
import t from 'tap'
import { eligibilityReport } from '../../../src/core/switchover/eligibility-report.ts'
import { gone, key, member, presence, primary, record, keySnapshot, unready } from '../../support/scenario/builders.ts'

const report = (given: Parameters<typeof keySnapshot>[0]) =>
  eligibilityReport(keySnapshot(given)).map(({ name, eligible, reasons }) => `${name} ${eligible ? 'may' : 'may not'} ${reasons.map(({ code }) => code).join(' ')}`.trim())

t.test('at rest everybody may, hypervisors are not asked', async (t) => {
  t.strictSame(report({ members: [primary('hv1'), member('hv2'), member('hv9', { mode: 'hypervisor' })] }), ['hv1 may', 'hv2 may'])
  t.strictSame(eligibilityReport(keySnapshot())[0], { name: 'hv1', coordinator_state: 'primary', eligible: true, reasons: [], stands_back: null, priority: 50, min_health: 0, health: null, resources: null, unwilling: [] })
})

t.test('every reason at once', async (t) => {
  t.strictSame(report({ members: [primary('hv1'), member('hv2', { daemonState: 'shutdown', coordinatorState: 'takeover' }), member('hv3')] }),
    ['hv1 may not node_on_the_way', 'hv2 may not not_running not_secondary node_on_the_way', 'hv3 may not node_on_the_way'])
  t.strictSame(report({ members: [primary('hv1'), unready('hv2')] }), ['hv1 may', 'hv2 may not not_ready'])
  t.strictSame(report({ key: key('hv2', 2), records: [record(2)] }), ['hv1 may not switchover_in_flight', 'hv2 may', 'hv3 may not switchover_in_flight'])
  t.strictSame(report({ key: key('none', 2), members: [gone('hv1'), member('hv2')] }), ['hv1 may not not_present', 'hv2 may not holder_unconfirmed'])
})

t.test('after failures everywhere, a request may name anybody', async (t) => {
  const backoff = { until: '2026-01-01T00:05:00.000Z', why: 'The acquire of ip failed.' }
  const given = { key: key('none', 2), records: [record(1, { outcome: 'failed' }), record(2, { from: null, to: null, cause: 'rollback' })], members: [member('hv1', { presence: { ...presence, backoff } }), member('hv2')] }
  t.strictSame(report(given), ['hv1 may', 'hv2 may'])
  t.strictSame(eligibilityReport(keySnapshot(given)).map(({ stands_back: each }) => each), [backoff, null])
})
