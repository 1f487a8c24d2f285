/** `npm run fuzz`: a million generated requests; the process neither ends nor grows. */
import t from 'tap'
import { fuzz, summary } from '../support/fuzz-run.ts'

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 1_000_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? 1 + Math.floor(Math.random() * 1e9))
const MEGABYTE = 2 ** 20

t.test(`${REQUESTS} generated requests`, { timeout: 3_600_000 }, async (t) => {
  const resident: number[] = []
  const begun = performance.now()
  const fuzzing = await fuzz(t, { requests: { up: REQUESTS * 0.8, flapping: REQUESTS * 0.15, stopped: REQUESTS * 0.05 }, seed: SEED, onResident: (bytes) => resident.push(bytes) })
  const seconds = (performance.now() - begun) / 1000
  t.same(fuzzing.violations, [], `seed ${SEED}`)
  t.comment(`seed ${SEED}, ${seconds.toFixed(0)} s, ${summary(fuzzing)}`)
  t.comment(`resident after each tenth of those with ZooKeeper up: ${resident.map((bytes) => `${(bytes / MEGABYTE).toFixed(0)} MB`).join(', ')}`)
  const [middle = 0, last = 0] = [Math.max(...resident.slice(2, 5)), Math.max(...resident.slice(-3))]
  t.ok(last < middle * 1.2, 'memory is flat')
})
