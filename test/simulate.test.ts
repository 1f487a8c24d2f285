// The simulator itself: a seed is a run, to the letter; and a few runs in which nothing may go wrong. `npm run simulate` does many.
import t from 'tap'
import { DOER, type Fault, type Stage } from '../scripts/simulate/faults.ts'
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

// Small clusters of their own, so that nothing else the seeds say of a run matters.
const stage: Stage = {
  fencing: 'command', nodes: ['hv1', 'hv2', 'hv3'], apis: ['api1'], servers: 3, resources: ['r1'], span: 30_000, every: 1_000, sessionTimeout: 6_000, maxSessionTimeout: 40_000, takeoverGrace: undefined,
}

t.test('found and mended: what is left of a lock attempt is not deleted after the last words', async (t) => {
  // A contender loses its lock's replies, gives the attempt up, and is told to stop while its child cannot be deleted.
  for (const number of [29, 30, 114]) {
    const faults: Fault[] = [
      { at: 20_000, kind: 'blind_write', value: 'none' },
      { at: 20_000, cue: { on: 'lock', after: number % 7 }, kind: 'cut', process: DOER, servers: [0, 1, 2], way: number % 2 === 0 ? 'both' : 'from_server', lasts: 500 + (number * 37) % 4_000 },
      { at: 20_000, cue: { on: 'lock', after: (number * 53) % 3_000 }, kind: 'shutdown', node: DOER, lasts: 20_000 },
    ]
    const { violation, struck } = await run(`book-${number}`, { stage, faults })
    t.equal(violation, null, `book-${number}`)
    t.equal(struck.faults, 3)
  }
})
