// What is one entry of the history, and that pages of it have every switchover once.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { historyPage, type HistoryEntry } from '../../../src/core/switchover/history.ts'
import { openRecord } from '../../../src/core/model/record.ts'
import { causes, outcomes, type Cause, type Outcome } from '../../../src/core/model/states.ts'
import type { Switchover } from '../../../src/core/switchover/view.ts'

type Ending = Outcome | null
const startOf = (epoch: number) => new Date(epoch * 1000).toISOString()

function switchover (epoch: number, cause: Cause, outcome: Ending): Switchover {
  const record = openRecord(epoch, startOf(epoch), { from: null, to: 'fig', cause, timeout: 30 })
  return { ...record, outcome, done: outcome !== null, became: outcome === 'succeeded' ? 'fig' : null, state: outcome === null ? 'in_progress' : 'done' }
}

const alone = (each: Switchover): HistoryEntry => ({ ...each, count: 1, first_epoch: each.epoch, first_started_at: each.started_at })
const spans = (entries: readonly HistoryEntry[]) => entries.map(({ epoch, first_epoch: first, count }) => [epoch, first, count])
const whole = { limit: Infinity, each: false }

t.test('attempts without success', async (t) => {
  const attempts = [switchover(9, 'contention', 'failed'), switchover(8, 'rollback', 'timed_out'), switchover(7, 'restart', 'superseded'), switchover(6, 'repair', 'not_applied')]
  t.strictSame(historyPage(attempts, whole), [{ ...attempts[0], count: 4, first_epoch: 6, first_started_at: startOf(6) }], 'are the newest of them with a count')
  t.strictSame(historyPage(attempts, { ...whole, each: true }), attempts.map(alone), 'or each by itself')
  t.strictSame(historyPage([], whole), [])

  const failed = (epoch: number, resource: string) => ({ ...switchover(epoch, 'contention', 'failed'), error: { code: 'acquire_failed', resource, message: 'no' } })
  const [first, older] = [failed(8, 'ip'), failed(7, 'dhcp')]
  t.strictSame(historyPage([switchover(9, 'rollback', 'timed_out'), first, older], whole), [{ ...switchover(9, 'rollback', 'timed_out'), error: first.error, count: 3, first_epoch: 7, first_started_at: startOf(7) }], 'and say what went wrong last')
})

t.test('what ends a run', async (t) => {
  const around = (middle: Switchover) => spans(historyPage([switchover(9, 'contention', 'failed'), switchover(8, 'contention', 'failed'), middle, switchover(6, 'rollback', 'failed'), switchover(5, 'contention', 'failed')], whole))
  const apart = [[9, 8, 2], [7, 7, 1], [6, 5, 2]]
  for (const cause of ['request', 'shutdown', 'fence', 'external'] as const) t.strictSame(around(switchover(7, cause, 'failed')), apart, cause)
  for (const outcome of ['succeeded', null] as const) t.strictSame(around(switchover(7, 'contention', outcome)), apart, String(outcome))
  t.strictSame(around(switchover(7, 'contention', 'failed')), [[9, 5, 5]])
  t.strictSame(spans(historyPage([switchover(9, 'contention', 'failed'), switchover(7, 'contention', 'failed')], whole)), [[9, 9, 1], [7, 7, 1]], 'an epoch that nobody recorded')
})

t.test('a page is of entries', async (t) => {
  const past = [switchover(9, 'contention', null), switchover(8, 'contention', 'failed'), switchover(7, 'rollback', 'failed'), switchover(6, 'request', 'failed'), switchover(5, 'contention', 'succeeded')]
  t.strictSame(spans(historyPage(past, { limit: 2, each: false })), [[9, 9, 1], [8, 7, 2]], 'the last one is whole')
  t.strictSame(spans(historyPage(past, { limit: 2, before: 7, each: false })), [[6, 6, 1], [5, 5, 1]])
  t.strictSame(spans(historyPage(past, { limit: 2, before: 8, each: false })), [[7, 7, 1], [6, 6, 1]], 'what is left of a run')
  t.strictSame(spans(historyPage(past, { limit: 2, before: 9, each: true })), [[8, 8, 1], [7, 7, 1]])
})

const listed = <T extends string>(words: Record<T, string>) => Object.keys(words) as T[]
const cause = fc.constantFrom(...listed(causes))
const ending = fc.constantFrom<Ending>(null, ...listed(outcomes))
/** Most of it without success, so that there are runs; epochs without a record here and there. */
const step = fc.record({
  gap: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.constant(2)),
  cause: fc.oneof({ weight: 4, arbitrary: fc.constantFrom<Cause>('contention', 'rollback') }, cause),
  outcome: fc.oneof({ weight: 4, arbitrary: fc.constant<Ending>('failed') }, ending),
})
const history = fc.array(step, { maxLength: 40 }).map((steps) => {
  let epoch = 0
  return steps.map(({ gap, cause, outcome }) => {
    epoch += gap
    return switchover(epoch, cause, outcome)
  }).reverse()
})
const covered = (past: readonly Switchover[], { epoch, first_epoch: first }: HistoryEntry) =>
  past.map((each) => each.epoch).filter((each) => each <= epoch && each >= first)

function pages (limit: number, each: boolean, read: (page: number) => readonly Switchover[]): HistoryEntry[] {
  const entries: HistoryEntry[] = []
  for (let page = 0; page < 100; page++) {
    const got = historyPage(read(page), { limit, each, before: entries.at(-1)?.first_epoch })
    if (got.length > limit) throw new Error(`${got.length} entries of ${limit}`)
    if (got.length === 0) return entries
    entries.push(...got)
  }
  throw new Error('no end of it')
}

t.test('any history: every switchover is in one entry, and runs are as long as can be', async (t) => {
  const retries = ({ cause, outcome }: Switchover) => ['contention', 'repair', 'rollback', 'restart'].includes(cause) && ['failed', 'superseded', 'timed_out', 'not_applied'].includes(String(outcome))
  fc.assert(fc.property(history, (past) => {
    const entries = historyPage(past, whole)
    const heads = past.filter((older, index) => {
      const newer = past[index - 1]
      return newer === undefined || newer.epoch !== older.epoch + 1 || !retries(newer) || !retries(older)
    })
    assert.deepEqual(entries.map(({ epoch }) => epoch), heads.map(({ epoch }) => epoch))
    assert.deepEqual(entries.flatMap((entry) => covered(past, entry)), past.map(({ epoch }) => epoch))
    for (const entry of entries) assert.equal(entry.count, covered(past, entry).length)
  }))
  t.pass('no counterexample')
})

t.test('any history, page by page', async (t) => {
  fc.assert(fc.property(history, fc.integer({ min: 1, max: 5 }), (past, limit) => {
    assert.deepEqual(pages(limit, false, () => past), historyPage(past, whole))
    assert.deepEqual(pages(limit, true, () => past), past.map(alone))
  }))
  t.pass('no counterexample')
})

t.test('any history that continues while it is read, page by page', async (t) => {
  const later = fc.array(fc.record({ epoch: fc.nat(40), outcome: fc.constantFrom(...listed(outcomes)), begun: fc.boolean() }), { maxLength: 20 })
  fc.assert(fc.property(history, later, fc.integer({ min: 1, max: 3 }), (past, changes, limit) => {
    let now = past
    const entries = pages(limit, false, (page) => {
      const change = page === 0 ? undefined : changes[page - 1]
      if (change === undefined) return now
      now = now.map((each) => each.outcome === null && each.epoch <= change.epoch ? { ...each, outcome: change.outcome, done: true } : each)
      if (change.begun) now = [switchover((now[0]?.epoch ?? 0) + 1, 'contention', null), ...now]
      return now
    })
    assert.deepEqual(entries.flatMap((entry) => covered(past, entry)), past.map(({ epoch }) => epoch))
  }))
  t.pass('no counterexample')
})
