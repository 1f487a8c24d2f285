// The simulator itself: a seed is a run, to the letter; and a few runs in which nothing may go wrong. `npm run simulate` does many.
import t from 'tap'
import { DOER, type Fault } from '../scripts/simulate/faults.ts'
import { run } from '../scripts/simulate/run.ts'

t.test('the same seed tells the same story, to the letter', async (t) => {
  const first = await run('story-1', { story: true })
  const second = await run('story-1', { story: true })
  t.strictSame(second.story, first.story)
  t.ok(first.story.some((line) => line.includes('holds r1')), 'and it is one')
  t.notSame((await run('story-2', { story: true })).story, first.story)
})

t.test('no violation', async (t) => {
  for (let number = 1; number <= 8; number++) {
    const { violation, switchovers } = await run(`test-${number}`)
    t.equal(violation, null, `test-${number}`)
    t.ok(switchovers > 0)
  }
})

t.test('found and mended: what is left of a lock attempt is not deleted after the last words', async (t) => {
  // A contender loses its lock's replies, gives the attempt up, and is told to stop while its child cannot be deleted.
  const faults: Fault[] = [
    { at: 20_000, kind: 'blind_write', value: 'none' },
    { at: 20_000, cue: { on: 'lock', after: 3 }, kind: 'cut', process: DOER, servers: [0, 1, 2], way: 'from_server', lasts: 870 },
    { at: 20_000, cue: { on: 'lock', after: 530 }, kind: 'shutdown', node: DOER, lasts: 20_000 },
  ]
  const { violation, story, struck } = await run('book-10', { faults, story: true })
  t.equal(violation, null)
  t.strictSame(struck, { faults: 3, requests: 0 })
  t.ok(story.some((line) => line.includes('final keepalive and stop are written')))
})
