// The simulator itself: a seed is a run, to the letter; and a few runs in which nothing may go wrong. `npm run simulate` does many.
import t from 'tap'
import { DOER, type Fault, type Stage } from '../proof/simulate/faults.ts'
import type { PvcTraits } from '../proof/simulate/pvc/traits.ts'
import { run } from '../proof/simulate/run.ts'

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
  fencing: 'command', nodes: ['hv1', 'hv2', 'hv3'], apis: ['api1'], servers: 3, latency: 0.4, resources: ['r1'], span: 30_000, every: 1_000, sessionTimeout: 6_000, maxSessionTimeout: 40_000, releaseTimeout: 400, takeoverGrace: undefined, pvc: null, candidates: {}, configured: {}, ensembleFaults: [],
}

const pvc: PvcTraits = { node: 'hv2', rewrites: 'own', fence: 'works', fencesAlone: false, contends: true, slow: 0, calm: true }

t.test('beside a PVC node: handovers there and back', async (t) => {
  for (const rewrites of ['value', 'never'] as const) {
    const faults = ['hv2', 'hv1', 'hv2', 'hv3'].map((to, index): Fault => ({ at: 20_000 * (index + 1), kind: 'request', api: 'api1', to, again: false }))
    const { violation, outcomes, besidePvc } = await run(`beside ${rewrites}`, { stage: { ...stage, resources: ['r1', 'r2'], span: 100_000, pvc: { ...pvc, rewrites } }, faults })
    t.equal(violation, null, rewrites)
    t.match(besidePvc, { to: 2, from: 2 })
    t.strictSame([...outcomes.keys()], ['succeeded'])
  }
})

t.test('beside a PVC node: no violation, and the cluster settles', async (t) => {
  for (const fence of ['works', 'fails'] as const) {
    const { violation, besidePvc, struck } = await run(`beside ${fence}`, { stage: { ...stage, fencing: 'none', resources: ['r1', 'r2'], span: 100_000, every: 6_000, pvc: { ...pvc, fence, calm: false } } })
    t.equal(violation, null, fence)
    t.not(besidePvc, null)
    t.ok(struck.faults > 5)
  }
})

/** The seconds at which a line of the story matches. */
const moments = (story: readonly string[], pattern: RegExp) => story.flatMap((line) => pattern.test(line) ? Number.parseFloat(line) : [])
const takenOver = / takeover finished /

t.test('servers that start without their data: every daemon gives up the session that they refuse, and one is primary within two session time-outs', async (t) => {
  for (const servers of [1, 3]) {
    const { violation, story } = await run(`wipe ${servers}`, { stage: { ...stage, servers }, faults: [{ at: 20_000, kind: 'wipe', lasts: 8_000 }], story: true })
    t.equal(violation, null)
    t.equal(new Set(story.flatMap((line) => line.includes('"reason":"session_refused"') ? line.slice(10, 13) : [])).size, 2, 'each node says why, but for the former primary, which has given its session up with its lease')
    const [primary = Infinity] = moments(story, takenOver).filter((at) => at > 20)
    t.ok(primary < 28 + 12, `at ${primary} s`)
  }
})

t.test('servers that are back without their data before a lease has ended: no daemon that ran by then takes over before it has', async (t) => {
  for (const lasts of [300, 1_500, 3_000, 4_500]) {
    const { violation } = await run(`quick wipe ${lasts}`, { stage, faults: [{ at: 20_000, kind: 'wipe', lasts }] })
    t.equal(violation, null, `after ${lasts} ms`)
  }
})

t.test('found and mended: a lock child that is back with a backup is deleted', async (t) => {
  for (const lost of [1, 2, 3]) {
    const faults: Fault[] = [
      { at: 20_000, cue: { on: 'unlock', after: 0 }, kind: 'restore', lost, lasts: 8_000 },
      { at: 20_000, kind: 'request', api: 'api1', to: 'hv1', again: false },
      { at: 20_000, kind: 'request', api: 'api1', to: 'hv2', again: false },
    ]
    const { violation, struck } = await run(`backup ${lost}`, { stage, faults })
    t.equal(violation, null, `from before the last ${lost} transactions`)
    t.equal(struck.faults, 1)
  }
})

t.test('found and mended: a node whose presence is missing from a backup that has its session registers again', async (t) => {
  for (const lost of [2, 4]) {
    const faults: Fault[] = [
      { at: 20_000, kind: 'kill', process: 'hv3', lasts: 8_000 },
      { at: 27_000, cue: { on: 'init', after: 0 }, kind: 'restore', lost, lasts: 8_000 },
    ]
    const { violation, struck } = await run(`presence ${lost}`, { stage: { ...stage, fencing: 'none', span: 90_000 }, faults })
    t.equal(violation, null, `from before the last ${lost} transactions`)
    t.equal(struck.faults, 2)
  }
})

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

t.test('found and mended: a node that ends itself keeps its session until it has', async (t) => {
  // The lease of a primary runs out, one of its resources cannot be released, and its way to ZooKeeper is open by then or soon after.
  for (const lasts of [4_000, 4_100, 4_500, 4_700, 4_800]) {
    const faults: Fault[] = [
      { at: 0, cue: { on: 'primary', after: 0 }, kind: 'resource', node: DOER, resource: 'r1', humour: 'hangs', lasts: 25_000 },
      { at: 0, cue: { on: 'primary', after: 0 }, kind: 'cut', process: DOER, servers: [0, 1, 2], way: 'from_server', lasts },
    ]
    const { violation, struck } = await run(`self-fence ${lasts}`, { stage: { ...stage, fencing: 'unfenced', resources: ['r1', 'r2'] }, faults })
    t.equal(violation, null, `cut off for ${lasts} ms`)
    t.equal(struck.faults, 2)
  }
})

t.test('found and mended: an outage just after the key was written is no proof that it was not', async (t) => {
  // Everybody has seen the record and nobody the key when the only server goes away, and it stays away past every bound.
  for (const after of [0.4, 0.8]) {
    const faults: Fault[] = [
      { at: 19_000, cue: { on: 'key', after }, kind: 'server_down', servers: [0], lasts: 150_000 },
      { at: 20_000, kind: 'request', api: 'api1', to: 'hv1', again: false },
      { at: 20_000, kind: 'request', api: 'api1', to: 'hv2', again: false },
    ]
    const { violation, struck } = await run(`outage ${after}`, { stage: { ...stage, servers: 1, sessionTimeout: 30_000, span: 200_000 }, faults })
    t.equal(violation, null, `${after} ms after the key`)
    t.equal(struck.faults, 1)
  }
})

t.test('found and mended: a denial of the look after a lost reply says nothing of the write', async (t) => {
  // The key is written, its writer is not told, and by the time it looks the key cannot be read.
  for (const to of ['hv1', 'hv2']) {
    const faults: Fault[] = [
      { at: 19_000, cue: { on: 'key', after: 0 }, kind: 'cut', process: 'api1', servers: [0, 1, 2], way: 'both', lasts: 400 },
      { at: 19_000, cue: { on: 'key', after: 0.1 }, kind: 'deny', path: '/config/primary_node', allowed: 'wcd', lasts: 10_000 },
      { at: 20_000, kind: 'request', api: 'api1', to, again: false },
    ]
    const { violation, struck } = await run('denied look 5', { stage: { ...stage, ensembleFaults: ['deny'], span: 40_000 }, faults })
    t.equal(violation, null, to)
    t.equal(struck.faults, 2, 'both have struck')
  }
})

t.test('found and mended: a node that loses contact while it registers continues with its session', async (t) => {
  // Its presence is made late, when contact comes back: on a new session the node would be barred by it until the old one ends.
  for (const after of [8, 12, 20, 60]) {
    const faults: Fault[] = [
      // All of them, so that nobody has seen the node alive before and judges it dead meanwhile.
      ...['hv1', 'hv2', 'hv3'].map((process) => ({ at: 20_000, kind: 'kill', process, lasts: 45_000 }) as const),
      { at: 65_000 + after, kind: 'stall', process: 'hv3', servers: [0, 1, 2], way: 'to_server', lasts: 12_000 },
    ]
    const { violation, struck } = await run(`registration ${after}`, { stage: { ...stage, fencing: 'none', sessionTimeout: 30_000, span: 110_000 }, faults })
    t.equal(violation, null, `held up ${after} ms after the start`)
    t.equal(struck.faults, 4)
  }
})

t.test('found and mended: a fencer that stands still after its last look fences nobody', async (t) => {
  // The fence begins some 3.6 s after the judgement. Its node comes back while the fencer is paused, and the fencing command would do its work late.
  for (let after = 3_570; after < 3_640; after += 5) {
    const faults: Fault[] = [
      { at: 19_000, kind: 'fencing', humour: 'late', lasts: 60_000 },
      { at: 20_000, kind: 'cut', process: 'hv2', servers: [0, 1, 2], way: 'both', lasts: 14_000 },
      { at: 20_000, cue: { on: 'dead', after }, kind: 'pause', process: DOER, lasts: 13_000 },
    ]
    const { violation, struck } = await run('late fence', { stage: { ...stage, latency: 4, span: 80_000 }, faults })
    t.equal(violation, null, `paused ${after} ms after the judgement`)
    t.equal(struck.faults, 3)
  }
})
