/** Keepalives come on a fixed grid and wait for nothing. */
import t from 'tap'
import { Keepalive } from '../../../src/pvcnoded/keepalive/keepalive.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const turn = async () => await new Promise((resolve) => setImmediate(resolve))

function keepaliveOf (write: (clock: ManualClock) => Promise<boolean>) {
  const clock = new ManualClock()
  const beats: number[] = []
  const reports: string[] = []
  const keepalive = new Keepalive({
    clock,
    interval: 1_000,
    write: async () => {
      beats.push(clock.monotonic())
      return await write(clock)
    },
    report: ({ event, missed }) => reports.push(`${event} ${missed}`),
  })
  return { clock, beats, reports, keepalive }
}

t.test('a beat at once and then on a fixed grid', async (t) => {
  const { clock, beats, reports, keepalive } = keepaliveOf(async () => true)
  keepalive.start()
  keepalive.start()
  for (let i = 0; i < 3; i++) {
    await turn()
    clock.advance(1_000)
  }
  t.same(beats, [0, 1_000, 2_000, 3_000])
  t.same(reports, [])
  await keepalive.stop()
  clock.advance(10_000)
  t.equal(beats.length, 4, 'none after it was stopped')
})

t.test('a write that hangs holds no beat up, and is never made twice', async (t) => {
  let release = (_: boolean) => {}
  const { clock, beats, reports, keepalive } = keepaliveOf(async () => await new Promise((resolve) => { release = resolve }))
  keepalive.start()
  clock.advance(3_000)
  t.same(beats, [0])
  t.same(reports, ['missed 1'], 'said once')
  release(true)
  await turn()
  t.same(reports, ['missed 1', 'recovered 3'])
  clock.advance(1_000)
  t.same(beats, [0, 4_000])
  release(true)
  await keepalive.stop()
})

t.test('stop waits for the write in progress', async (t) => {
  let release = (_: boolean) => {}
  const { keepalive } = keepaliveOf(async () => await new Promise((resolve) => { release = resolve }))
  keepalive.start()
  let stopped = false
  const stopping = keepalive.stop().then(() => { stopped = true })
  await turn()
  t.notOk(stopped)
  release(true)
  await stopping
})

t.test('a beat that comes late says so, and the next one is on the grid again', async (t) => {
  const { beats, reports, keepalive, clock } = keepaliveOf(async () => true)
  const after = clock.after.bind(clock)
  let stall = 0
  clock.after = (delay, action) => after(delay + stall, action)
  keepalive.start()
  await turn()
  stall = 0
  clock.advance(1_000)
  await turn()
  stall = 2_500
  clock.advance(1_000)
  await turn()
  stall = 0
  clock.advance(3_500)
  await turn()
  t.same(beats.slice(0, 4), [0, 1_000, 2_000, 5_500])
  t.ok(reports.includes('late 0'))
  clock.advance(500)
  t.equal(beats.at(-1), 6_000)
  await keepalive.stop()
})

t.test('what could not be written is written when there is contact again, once, and the grid stays', async (t) => {
  let contact = false
  const { clock, beats, reports, keepalive } = keepaliveOf(async () => contact)
  keepalive.hasten()
  keepalive.start()
  await turn()
  clock.advance(400)
  contact = true
  keepalive.hasten()
  await turn()
  t.same(beats, [0, 400])
  t.same(reports, ['missed 1', 'recovered 1'])
  keepalive.hasten()
  t.equal(beats.length, 2, 'nothing is owed')
  clock.advance(600)
  t.same(beats, [0, 400, 1_000])
  await keepalive.stop()
  keepalive.hasten()
  t.equal(beats.length, 3, 'nor after it was stopped')
})

t.test('a write in progress when there is contact again may have been lost with it: then it is repeated, once', async (t) => {
  const ends: Array<(written: boolean) => void> = []
  const { clock, beats, keepalive } = keepaliveOf(async () => await new Promise((resolve) => { ends.push(resolve) }))
  keepalive.start()
  clock.advance(300)
  keepalive.hasten()
  t.equal(beats.length, 1)
  ends[0]?.(false)
  await turn()
  t.same(beats, [0, 300])
  ends[1]?.(false)
  await turn()
  t.equal(beats.length, 2)
  clock.advance(700)
  keepalive.hasten()
  ends[2]?.(true)
  await turn()
  t.equal(beats.length, 3, 'it was not lost')
  await keepalive.stop()
})
