/** Whatever stands in a znode, reading it never throws, and what is read can be compared and made into JSON. */
import t from 'tap'
import fc from 'fast-check'
import assert from 'node:assert'
import { clusterStatus, nodesStatus, nodeStatus } from '../../src/core/pvc/cluster-status.ts'
import { keyOf, parseLedger } from '../../src/core/model/epoch.ts'
import { judgeConfirmation } from '../../src/core/fencing/fence-confirmation.ts'
import { parseFence } from '../../src/core/model/fence-record.ts'
import { fencingReport } from '../../src/core/fencing/report.ts'
import { parseJson } from '../../src/core/model/json-text.ts'
import { memberOf } from '../../src/core/model/member.ts'
import { nodeReply } from '../../src/core/pvc/node-reply.ts'
import { nodeDetails } from '../../src/core/pvc/node-details.ts'
import { phaseDurations } from '../../src/core/switchover/phases.ts'
import { parseRecord } from '../../src/core/model/record.ts'
import { parseJournal } from '../../src/core/story/journal.ts'
import { parseCourses, parseResources } from '../../src/core/model/resource-states.ts'
import { lossBefore } from '../../src/core/story/failed-holder.ts'
import { storyOf } from '../../src/core/story/story.ts'
import { NOTHING_SEEN, switchoverView } from '../../src/core/switchover/view.ts'
import { parseTransition } from '../../src/core/model/transition.ts'
import type { Znode } from '../../src/core/model/znode.ts'

const deep = (open: string, close: string, depth: number, before = '', after = '') => before + open.repeat(depth) + close.repeat(depth) + after
/** What stands in a znode: nothing of use, or nearly what is expected, with one thing wrong in it. */
const odd = ['', ' ', 'None', 'N/A', 'null', '0', '-1', '1e999', '99999999999999999999', '\u0000', '\ufffd', '[]', '{}', '"', '{"__proto__":{"x":1}}', '{"epoch":5,"cause":"request","timeout":1e999}',
  deep('[', ']', 2_500), deep('[', ']', 60_000), deep('{"a":', '}', 10_000).replace('{"a":}', '{"a":1}'), deep('[', ']', 2_500, '{"data":', '}'), 'x'.repeat(200_000), 'x '.repeat(60_000), '[],'.repeat(40_000), '['.repeat(131_000)]
const shaped = fc.record({
  epoch: fc.oneof(fc.constant(5), fc.double(), fc.string()),
  cause: fc.constantFrom('request', 'fence', 'x', 5),
  timeout: fc.oneof(fc.double(), fc.constant(60)),
  started_at: fc.oneof(fc.string(), fc.constant('2026-01-01T00:00:00.000Z')),
  outcome: fc.constantFrom(null, 'succeeded', 'x', 5),
  finished_at: fc.anything(),
  continued_by: fc.anything(),
  error: fc.anything(),
  progress: fc.anything(),
  nodes: fc.anything(),
  timeline: fc.anything(),
  direction: fc.constantFrom('start', 'takeover', 'x'),
  step: fc.anything(),
  of: fc.anything(),
  released: fc.anything(),
  resource: fc.anything(),
  since: fc.anything(),
  resources: fc.anything(),
  state: fc.constantFrom('pending', 'confirmed', 'x'),
  attempts: fc.anything(),
  api: fc.anything(),
  evidence: fc.oneof(fc.anything(), fc.record({ node: fc.string(), daemon_state: fc.constantFrom('dead', 'fenced', 5), fence: fc.anything(), why: fc.anything(), judged_by: fc.anything() })),
  force: fc.oneof(fc.anything(), fc.array(fc.constantFrom('health', 'priority', 'x', 5))),
  last_held_at: fc.anything(),
  outage_seconds: fc.anything(),
  events: fc.oneof(fc.anything(), fc.array(fc.record({ at: fc.constantFrom('2026-01-01T00:00:00.000Z', 'x', 5), event: fc.constantFrom('demoted', 'x', 'constructor'), epoch: fc.anything(), message: fc.anything() }))),
  earlier_sign_at: fc.anything(),
  takeover_time: fc.anything(),
  failover: fc.anything(),
  czxid: fc.constant('1'),
  base: fc.oneof(fc.nat(), fc.double()),
}, { requiredKeys: [] }).map((value) => { try { return JSON.stringify(value) ?? '' } catch { return '' } })
const anyText = fc.oneof(fc.constantFrom(...odd), fc.string(), fc.json({ maxDepth: 8 }), shaped)

const znode = (data: string): Znode => ({ data, version: 3, czxid: '1', mzxid: '2', modified: '2026-01-01T00:00:00.000Z', owner: '' })

t.test('nothing throws, and everything can be compared and told', async (t) => {
  fc.assert(fc.property(fc.func(fc.option(anyText, { nil: undefined })), anyText, (textOf, text) => {
    const details = nodeDetails('hv1', { znode: textOf, plugin: textOf, domain: textOf })
    const member = memberOf('hv1', (child) => { const found = textOf(child); return found === undefined ? undefined : znode(found) }, true)
    const record = parseRecord(text, 5)
    const fence = parseFence(text)
    const status = clusterStatus({
      clusterName: text,
      maintenance: 'false',
      primaryNode: text,
      upstreamIp: text,
      nodes: [nodeReply(details)],
      states: nodesStatus([nodeStatus(nodeReply(details))]),
      fencing: fencingReport([member], () => fence),
      primaryLock: { child: 'a__lock__0000000001', identifier: text, session: null, since: text },
      domains: [{ uuid: text, name: text, state: text }],
      faults: [{ id: text, last_reported: text, first_reported: text, acknowledged_at: text, status: text, health_delta: 0, message: text }],
    })
    const reading = Object.fromEntries(['daemonmode', 'daemonstate', 'routerstate', 'presence', 'keepalive', 'fence'].map((name) => [name, znode(text)])) as unknown as Parameters<typeof judgeConfirmation>[0]
    const all = {
      details,
      member,
      record,
      fence,
      status,
      ledger: parseLedger(text),
      transition: parseTransition(text),
      resources: parseResources(text),
      key: keyOf(znode(text)),
      confirmation: judgeConfirmation(reading, null, 'now'),
      view: record === null ? null : switchoverView(record, { members: [member], records: [record] }, NOTHING_SEEN),
      phases: record === null ? [] : phaseDurations(record),
      courses: parseCourses(text),
      journal: parseJournal(text),
      failed: lossBefore({ key: { ...keyOf(znode(text)), value: 'hv1' }, ledger: null, ledgerVersion: null, recordEpochs: [], records: record === null ? [] : [{ record, version: 0 }], members: [{ ...member, daemonState: 'fenced' }], failures: new Map([['hv1', { fence, keepalive: znode(text) }]]) }),
      story: record === null ? [] : storyOf(switchoverView(record, { members: [member], records: [record] }, NOTHING_SEEN), [{ node: 'hv1', since: '', entries: parseJournal(text) }], { from: '', until: 'z' }),
    }
    const json = JSON.stringify(all)
    // A fraction is an object of a class, which a clone is not.
    assert.deepEqual(all, structuredClone(all))
    return !/Infinity|NaN/.test(Object.values(all.phases).map(({ seconds }) => String(seconds)).join()) && json.length > 0
  }), { numRuns: 2_000 })
  t.pass('2,000 clusters of such texts')
})

t.test('JSON within the limits, and why not', async (t) => {
  t.same(parseJson('{"a":[1,"]]]["]}'), { ok: true, value: { a: [1, ']]]['] } })
  t.same(parseJson('["\\"[[["]', { length: 100, depth: 1 }), { ok: true, value: ['"[[['] }, 'brackets in a string do not count, after an escaped quote neither')
  t.same(parseJson(deep('[', ']', 32)).ok, true)
  t.same(parseJson(deep('[', ']', 33)), { ok: false, problem: 'nests more than 32 arrays and objects within one another' })
  t.same(parseJson('[[]]', { length: 100, depth: 1 }), { ok: false, problem: 'nests more than 1 arrays and objects within one another' })
  t.same(parseJson('[[],[],[]]', { length: 100, depth: 2 }).ok, true, 'side by side is not deep')
  t.same(parseJson('123', { length: 2, depth: 1 }), { ok: false, problem: 'is longer than 2 characters' })
  t.same(parseJson('{'), { ok: false, problem: 'is not valid JSON' })
})

t.test('a list of more names than a node can have is malformed', async (t) => {
  const texts = (checks: string) => nodeDetails('hv1', { znode: (key) => key === 'monitoring_plugins' ? checks : undefined, plugin: () => undefined, domain: () => undefined })
  t.equal(texts('x '.repeat(512)).health_plugins?.length, 512)
  t.equal(texts('x '.repeat(513)).health_plugins, null)
})
