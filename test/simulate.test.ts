// The simulator itself: a seed is a run, to the letter; and a few runs in which nothing may go wrong. `npm run simulate` does many.
import t from 'tap'
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
