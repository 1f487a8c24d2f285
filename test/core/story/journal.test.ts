// The journal of a node, as text.
import t from 'tap'
import { boundedEntry, journalText, MOST_ENTRIES, parseJournal, type JournalEntry } from '../../../src/core/story/journal.ts'
import { isMoment } from '../../../src/core/model/znode.ts'

const entry = (given: Partial<JournalEntry> = {}): JournalEntry => ({ at: '2026-01-01T00:00:00.000Z', event: 'demoted', epoch: null, resource: null, message: 'the lease ran out', ...given })

t.test('there and back', async (t) => {
  const entries = [entry(), entry({ event: 'acquired', epoch: 7, resource: 'ip' })]
  t.strictSame(parseJournal(journalText(entries)), entries)
  for (const malformed of [undefined, null, '', '{', '[]', '{}', '{"events":7}']) t.strictSame(parseJournal(malformed), [])
})

t.test('a malformed entry costs itself alone', async (t) => {
  const text = JSON.stringify({ events: [null, 7, {}, { ...entry(), event: 'vanished' }, { ...entry(), event: 'toString' }, { ...entry(), at: 'yesterday' }, { ...entry(), epoch: -1, resource: 7, message: {} }, entry()] })
  t.strictSame(parseJournal(text), [entry({ message: '' }), entry()])
})

t.test('bounded in entries, in their parts and as a whole', async (t) => {
  t.equal(parseJournal(journalText(Array.from({ length: 300 }, (_, epoch) => entry({ epoch })))).length, MOST_ENTRIES)
  t.equal(parseJournal(journalText(Array.from({ length: 300 }, (_, epoch) => entry({ epoch })))).at(-1)?.epoch, 299, 'the newest are kept')
  const long = boundedEntry(entry({ resource: 'r'.repeat(500), message: 'm '.repeat(5_000) }))
  t.equal(long.resource?.length, 128)
  t.ok(long.message.length <= 300)
  const escaped = Array.from({ length: MOST_ENTRIES }, (_, epoch) => boundedEntry(entry({ epoch, resource: '\u0001'.repeat(500), message: '\u0001'.repeat(5_000) })))
  t.ok(journalText(escaped).length <= 100_000, 'a text that is too long would not be read at all')
  t.equal(parseJournal(journalText(escaped)).at(-1)?.epoch, MOST_ENTRIES - 1)
})

t.test('moments that can be put in order', async (t) => {
  t.ok(isMoment('2026-01-01T00:00:00.000Z'))
  for (const other of ['2026-01-01T00:00:00Z', '2026-01-01', '+010000-01-01T00:00:00.000Z', '', 7, null]) t.notOk(isMoment(other))
})
