// The story of a switchover, from its record and the journals of the nodes.
import t from 'tap'
import type { JournalEntry } from '../../../src/core/story/journal.ts'
import type { Evidence } from '../../../src/core/model/failover.ts'
import { storyOf, type NodeJournal } from '../../../src/core/story/story.ts'
import { NOTHING_SEEN, switchoverView } from '../../../src/core/switchover/view.ts'
import type { SwitchoverRecord } from '../../../src/core/model/record.ts'
import { record } from '../../support/scenario/builders.ts'

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`
const evidence: Evidence = {
  node: 'hv1',
  daemon_state: 'fenced',
  judged_by: 'hv2',
  judged_at: at(4),
  why: 'presence_gone',
  last_sign_at: at(1),
  fence: { state: 'confirmed', by: 'hv3', method: 'ipmi', attempts: 2, confirmed_by: 'hv3', confirmed_at: at(8), message: 'Its power is off.' },
}
const failover: Partial<SwitchoverRecord> = {
  from: 'hv1',
  to: 'hv2',
  cause: 'fence',
  outcome: 'succeeded',
  reason: 'It died.',
  evidence,
  started_at: at(9),
  finished_at: at(14),
  last_held_at: at(1),
  held_again_at: at(13),
  outage_seconds: 12,
  timeline: [{ at: at(10), node: 'hv2', coordinator_state: 'takeover' }, { at: at(13), node: 'hv2', coordinator_state: 'primary' }],
}
const empty = ['hv1', 'hv2', 'hv3'].map((node): NodeJournal => ({ node, since: at(0), entries: [] }))
const story = (given: Partial<SwitchoverRecord>, journals: readonly NodeJournal[] = [], window = { from: at(0), until: at(15) }) => {
  const closed = record(7, given)
  return storyOf(switchoverView(closed, { members: [], records: [closed] }, NOTHING_SEEN), [...journals, ...empty.filter(({ node }) => !journals.some((each) => each.node === node))], window)
}
const entry = (event: JournalEntry['event'], second: number, given: Partial<JournalEntry> = {}): JournalEntry => ({ at: at(second), event, epoch: null, resource: null, message: event, ...given })
const told = (entries: ReturnType<typeof story>) => entries.map(({ at: moment, node, event }) => `${moment.slice(17, 19)} ${node ?? '-'} ${event}`)

t.test('a failover, from its record alone', async (t) => {
  const entries = story(failover)
  t.strictSame(told(entries), ['01 hv1 last_sign', '04 hv2 judged', '08 hv3 fenced', '09 - begun', '10 hv2 state', '13 hv2 state', '13 hv2 held', '14 - closed'])
  t.strictSame(entries.map(({ message }) => message), [
    'hv1 wrote its last keepalive.',
    'hv1 was judged dead: its presence is gone: its session with ZooKeeper has ended.',
    `hv3 fenced hv1 by ipmi, at attempt 2, confirmed at ${at(8)}: Its power is off.`,
    'From hv1 to hv2 (fence): It died.',
    'hv2 is takeover: acquiring the resources; holds the primary lock.',
    'hv2 is primary: holds every resource.',
    'Everything is held again, after 12 s in which at least one resource was not.',
    'The switchover has succeeded.',
  ])
})

t.test('the journals add what no record has', async (t) => {
  const journals = [
    { node: 'hv1', since: at(0), entries: [entry('demoted', 0), entry('demoted', 2), entry('demoted', 40), entry('acquired', 3, { epoch: 6, resource: 'ip' })] },
    { node: 'hv2', since: at(0), entries: [entry('judged', 4, { message: 'hv1 is judged dead' }), entry('key_written', 9, { epoch: 7 }), entry('acquired', 12, { epoch: 7, resource: 'ip', message: 'ip is acquired, in 0.1 s' })] },
    { node: 'hv3', since: at(0), entries: [entry('fence_failed', 6), entry('judged', 5, { message: 'hv9 is judged dead' }), entry('fenced', 8, { message: 'hv1 is fenced' })] },
  ]
  const entries = story(failover, journals, { from: at(1), until: at(15) })
  t.strictSame(told(entries), ['01 hv1 last_sign', '02 hv1 demoted', '04 hv2 judged', '05 hv3 judged', '06 hv3 fence_failed', '08 hv3 fenced', '09 - begun', '09 hv2 key_written', '10 hv2 state', '12 hv2 acquired', '13 hv2 state', '13 hv2 held', '14 - closed'])
  t.match(entries.find(({ event }) => event === 'acquired'), { resource: 'ip', message: 'ip is acquired, in 0.1 s' })
})

t.test('what is not known is left out', async (t) => {
  const { fence } = evidence
  t.strictSame(told(story({ ...failover, evidence: { ...evidence, judged_by: null, judged_at: null, last_sign_at: null, fence: null }, last_held_at: null, timeline: [], held_again_at: null })), ['09 - begun', '14 - closed'])
  t.strictSame(told(story({ ...failover, evidence: { ...evidence, why: null, fence: { ...fence!, state: 'unconfirmed' } }, timeline: [], held_again_at: null })), ['01 hv1 last_sign', '04 hv2 judged', '09 - begun', '14 - closed'])
  t.match(story({ ...failover, evidence: { ...evidence, fence: { ...fence!, method: 'operator', confirmed_by: 'ops' } } }).find(({ event }) => event === 'confirmed'), { node: null, message: /^The operator ops confirmed/ })
  const begun = (given: Partial<SwitchoverRecord>) => story({ ...failover, cause: 'request', reason: 'kernel', evidence: null, ...given }).find(({ event }) => event === 'begun')?.message
  t.equal(begun({ requested_by: 'ops', force: ['health'] }), 'From hv1 to hv2 (request, asked for by ops; overridden for its target: its health is below its min_health, or was in the last three keepalive intervals): kernel')
  t.equal(begun({ force: ['health', 'priority', 'resources'] }), 'From hv1 to hv2 (request; overridden for its target: its health is below its min_health, or was in the last three keepalive intervals, and it does not contend by itself, and it lacks resources that another coordinator has): kernel')
  t.match(story({ ...failover, outage_seconds: null }).find(({ event }) => event === 'held'), { message: 'Everything is held again.' })
  t.strictSame(told(story({ from: null, to: null, outcome: null, requested_by: 'ops', started_at: 'once' })), [], 'a moment that is none cannot be put in order')
})

t.test('a request, and how it can end', async (t) => {
  const begun = story({ from: null, to: null, outcome: null, requested_by: 'ops', started_at: at(1) })
  t.strictSame(begun.map(({ message }) => message), ['From no node to any other coordinator (request, asked for by ops).'])
  const failed = story({ outcome: 'failed', started_at: at(1), finished_at: at(2), held_again_at: at(2), error: { code: 'acquire_failed', resource: 'ip', message: 'ip could not be acquired.' } })
  t.equal(failed.at(-1)?.message, 'The switchover has failed: ip could not be acquired.')
  t.equal(failed.find(({ event }) => event === 'held')?.node, 'hv2')
})

t.test('bounded', async (t) => {
  const many = Array.from({ length: 700 }, () => entry('failed', 5, { epoch: 7 }))
  t.equal(story(failover, [{ node: 'hv1', since: at(0), entries: many }]).length, 500)
})

t.test('when the role was held last, where no node failed', async (t) => {
  const entries = story({ from: 'hv1', to: 'hv2', cause: 'request', last_held_at: at(2), started_at: at(9) })
  t.match(entries.find(({ event }) => event === 'last_held'), { at: at(2), node: 'hv1', message: 'Everything was held for the last time, as far as is known: by hv1.' })
  t.match(story({ from: null, last_held_at: at(2) }).find(({ event }) => event === 'last_held'), { node: null, message: /as far as is known\.$/ })
})

t.test('nodes that have been removed since', async (t) => {
  const of = (journals: readonly NodeJournal[], given: Partial<SwitchoverRecord> = {}) => {
    const closed = record(7, { ...failover, ...given })
    const entries = storyOf(switchoverView(closed, { members: [], records: [closed] }, NOTHING_SEEN), journals, { from: at(0), until: at(15) })
    return entries.filter(({ event }) => event === 'journal_gone').map(({ at: moment, node, message }) => `${moment.slice(17, 19)} ${node} ${message.slice(0, 30)}`)
  }
  t.strictSame(of(empty), [])
  t.strictSame(of(empty.slice(1)), ['14 hv1 hv1 has been removed from the '])
  t.strictSame(of(empty.slice(0, 2)), ['14 hv3 hv3 has been removed from the '], 'the fencer')
  t.strictSame(of(empty.slice(0, 2), { evidence: { ...evidence, fence: { ...evidence.fence!, method: 'operator', confirmed_by: 'ops' } } }), [], 'an operator is no node')
  t.strictSame(of(empty.slice(1), { finished_at: null, outcome: null }), ['09 hv1 hv1 has been removed from the '])
  const again = { node: 'hv1', since: at(20), entries: [] }
  t.strictSame(of([again, ...empty.slice(1)]), ['14 hv1 hv1 has been registered again '])
  t.strictSame(of([again, ...empty.slice(1)], { finished_at: null, outcome: null }), [])
  t.strictSame(of([{ ...again, entries: [entry('demoted', 3)] }, ...empty.slice(1)]), [], 'restored from a backup, with its journal')
})
