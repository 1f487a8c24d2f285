// How long each phase of a switchover took.
import t from 'tap'
import { phaseDurations } from '../../../src/core/switchover/phases.ts'
import type { TimelineEntry } from '../../../src/core/model/record.ts'

const at = (second: string) => `2026-01-01T00:00:${second}Z`
const entry = (second: string, node: string, state: TimelineEntry['coordinator_state']): TimelineEntry => ({ at: at(second), node, coordinator_state: state })
const shown = (given: Parameters<typeof phaseDurations>[0]) => phaseDurations(given).map(({ phase, seconds }) => `${phase} ${seconds}`)

t.test('all of them', async (t) => {
  const timeline = [entry('01.500', 'hv1', 'relinquish'), entry('01.600', 'hv2', 'takeover'), entry('03.7', 'hv1', 'secondary'), entry('04.000', 'hv2', 'primary')]
  t.strictSame(shown({ started_at: at('01.000'), finished_at: at('04.250'), timeline }), ['start 0.5', 'relinquish 2.2', 'takeover 2.4', 'total 3.25'])
})

t.test('what is missing, malformed or runs backwards is left out', async (t) => {
  t.strictSame(shown({ started_at: at('01'), finished_at: null, timeline: [] }), [])
  t.strictSame(shown({ started_at: '', finished_at: at('02'), timeline: [entry('01', 'hv2', 'takeover')] }), [])
  t.strictSame(shown({ started_at: at('05'), finished_at: at('02'), timeline: [entry('01', 'hv2', 'takeover'), entry('02', 'hv1', 'primary')] }), [], 'not the same node, and clocks that differ')
  t.strictSame(shown({ started_at: '2026-01-01T23:59:59.000Z', finished_at: '2026-01-02T00:00:01.000Z', timeline: [] }), ['total 2'], 'over midnight')
})
