/** 20,000 generated requests, valid, changed and hostile, with ZooKeeper up, flapping and stopped; `npm run fuzz` makes a million. */
import t from 'tap'
import { fuzz, summary } from '../support/fuzz-run.ts'

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 20_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_101)

t.test('generated requests', { timeout: 170_000 }, async (t) => {
  const fuzzing = await fuzz(t, { requests: { up: REQUESTS * 0.8, flapping: REQUESTS * 0.15, stopped: REQUESTS * 0.05 }, seed: SEED })
  t.same(fuzzing.violations, [], `seed ${SEED}`)
  t.comment(summary(fuzzing))
})
