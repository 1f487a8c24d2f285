/** Each line makes sense alone, says what failed at a level of its own, and says one failure once. */
import t, { type Test } from 'tap'
import type { Note } from '../../../src/core/coordinator/coordinator-state.ts'
import { Journal } from '../../../src/pvcnoded/reports/journal.ts'
import { NoteLog } from '../../../src/pvcnoded/reports/note-log.ts'
import { parseJournal } from '../../../src/core/story/journal.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const names: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }
const stuck = { code: 'release_failed', resource: 'ip', message: 'The release of ip failed: ip could not be started.' } as const
const broken = { code: 'acquire_failed', resource: 'ip', message: 'The acquire of ip failed: no.' } as const
const begun = (procedure: string): Note => ({ code: 'begun', procedure, epoch: 1 })
const failure = (procedure: string, what: typeof stuck | typeof broken): Note => ({ code: 'failure', procedure, epoch: 1, failure: what })
const finished = (procedure: string, what: typeof stuck | typeof broken | null = null): Note => ({ code: 'finished', procedure, epoch: 1, failure: what })

function noteLog (_t: Test, hasSelfFence = false, journal?: Journal) {
  const lines: string[] = []
  const write = (line: string) => {
    const { level, msg } = JSON.parse(line) as { level: number | string, msg: string }
    lines.push(`${typeof level === 'number' ? names[level] : level} ${msg}`)
  }
  const notes = new NoteLog(createLogger({ name: 'pvcnoded', level: 'info', clock: new ManualClock(), destination: { write } }), hasSelfFence, journal)
  return { notes, said: () => lines.splice(0) }
}

t.test('a release that failed is an error, said once until it is over', async (t) => {
  const { notes, said } = noteLog(t)
  notes.note(begun('relinquish'))
  notes.note(failure('relinquish', stuck))
  notes.releaseFailed(stuck)
  notes.note(finished('relinquish', stuck))
  const error = 'error relinquish failed: The release of ip failed: ip could not be started. ip may still be held here. No self_fence is configured, so no other node acquires it before it is released. Mend what is named: the release is tried again by itself.'
  t.strictSame(said(), ['info relinquish started', error])
  notes.note(begun('relinquish'))
  notes.note(failure('relinquish', stuck))
  notes.note(finished('relinquish', stuck))
  t.strictSame(said(), [], 'tried again with the same end')
  notes.note(begun('relinquish'))
  notes.note(finished('relinquish'))
  t.strictSame(said(), ['info relinquish finished'])
  notes.note(failure('relinquish', stuck))
  t.strictSame(said(), [error], 'and another time')
})

t.test('what is added to a note, and makes a warning of it', async (t) => {
  const { notes, said } = noteLog(t)
  const freed: Note = { code: 'key_changed', outcome: 'committed', intent: 'free', epoch: 2 }
  notes.note(freed)
  notes.note(freed, '; and more', true)
  const sentence = 'this node has freed the primary key, to hand its role on'
  t.strictSame(said(), [`info ${sentence}`, `warn ${sentence}; and more`])
})

t.test('one that nothing else has said, before the last resort', async (t) => {
  const { notes, said } = noteLog(t, true)
  notes.releaseFailed(stuck)
  t.match(said(), ['error The release of ip failed: ip could not be started. ip may still be held here. self_fence is run. Mend what is named'])
})

t.test('a takeover that failed, each time; a lost resource until it is regained', async (t) => {
  const { notes, said } = noteLog(t)
  for (let again = 0; again < 2; again++) {
    notes.note(failure('takeover', broken))
    notes.note(finished('rollback', broken))
    t.strictSame(said(), ['warn the takeover failed and is rolled back: The acquire of ip failed: no.', 'info rollback finished: everything that the takeover acquired is released'])
  }
  notes.note({ code: 'finished', procedure: 'takeover', epoch: 1, failure: null, idle: true })
  t.match(said(), ['info takeover ended without an acquisition'])
  const lost = ['warn this node is primary and has lost a resource: The acquire of ip failed: no.']
  notes.note(failure('primary', broken))
  notes.note(failure('primary', broken))
  t.strictSame(said(), lost)
  notes.over('dhcp')
  notes.note(failure('primary', broken))
  t.strictSame(said(), [])
  notes.over('ip')
  notes.note(failure('primary', broken))
  t.strictSame(said(), lost)
})

t.test('a change of the key in words', async (t) => {
  const { notes, said } = noteLog(t)
  const changed = (intent: string, outcome: string): Note => ({ code: 'key_changed', intent, outcome, epoch: null })
  notes.note(changed('adopt', 'refused'))
  notes.note(changed('contend', 'committed'))
  notes.note(changed('free', 'lock_timeout'), '; the primary lock is held by hv2')
  t.strictSame(said(), [
    'info this node was about to give the primary key its first epoch: it is not needed any more, because the key or a node has changed meanwhile',
    'info the primary key names this node now, which has contended for the role',
    'info this node was about to free the primary key, to hand its role on: the primary lock could not be acquired in time; it looks again; the primary lock is held by hv2',
  ])
})

t.test('what a takeover waits for is a warning, said once', async (t) => {
  const { notes, said } = noteLog(t)
  const waits = (...nodes: readonly string[]): Note => ({ code: 'waits', procedure: 'takeover', epoch: 3, resource: 'ip', nodes })
  for (const note of [waits('hv1'), waits('hv1'), waits('hv1', 'hv2')]) notes.note(note)
  t.strictSame(said(), ['hv1', 'hv1, hv2'].map((nodes) => `warn the takeover waits before it acquires ip: ${nodes} may hold it and cannot be asked. It continues once that is fenced, or confirmed to be down`))
  notes.note(finished('rollback'))
  notes.note(waits('hv1', 'hv2'))
  t.equal(said().length, 2, 'and again in another takeover')
})

t.test('what belongs into the story of a switchover is in the journal, once', async (t) => {
  const journal = new Journal(new ManualClock())
  const { notes } = noteLog(t, false, journal)
  const entries = () => parseJournal(journal.text).map(({ event, epoch, resource }) => `${event} ${epoch ?? '-'} ${resource ?? '-'}`)
  notes.note(begun('takeover'))
  notes.note({ code: 'key_changed', outcome: 'lock_timeout', intent: 'contend', epoch: null })
  notes.note({ code: 'key_changed', outcome: 'committed', intent: 'contend', epoch: 3 })
  for (let index = 0; index < 2; index++) notes.note({ code: 'waits', procedure: 'takeover', epoch: 3, resource: 'ip', nodes: ['hv2'] })
  notes.note(failure('takeover', broken))
  for (let index = 0; index < 2; index++) notes.note(failure('relinquish', stuck))
  notes.releaseFailed(stuck)
  notes.note(failure('primary', broken))
  notes.over('ip')
  notes.note({ code: 'demoted', reason: 'the lease ran out', held: ['ip'] })
  t.strictSame(entries(), ['key_written 3 -', 'waits 3 ip', 'failed 1 ip', 'failed 1 ip', 'lost - ip', 'regained - ip', 'demoted - -'])
  t.match(parseJournal(journal.text).at(-1), { message: 'the lease ran out; releasing ip' })
  const other = new Journal(new ManualClock())
  noteLog(t, true, other).notes.releaseFailed(stuck)
  t.match(parseJournal(other.text), [{ event: 'failed', epoch: null, resource: 'ip' }])
})
