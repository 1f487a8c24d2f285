/** Collectors that misbehave: named once, kept old, never started twice, and nobody waits for them. */
import t, { type Test } from 'tap'
import { Collection, type Collected } from '../../../src/pvcnoded/collectors/collection.ts'
import { CollectorFault, type Collector, type Reading } from '../../../src/pvcnoded/collectors/collector.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const turn = async () => await new Promise((resolve) => setImmediate(resolve))
const reading = (memtotal: string): Reading => ({ znodes: { memtotal }, check: null })

function collectionOf (t: Test, collect: Collector['collect']) {
  const clock = new ManualClock()
  const lines: string[] = []
  const log = createLogger({ name: 'pvcnoded', level: 'info', clock, destination: { write: (line) => { lines.push((JSON.parse(line) as { msg: string }).msg) } } })
  const collected: Collected[] = []
  const collection = new Collection({ clock, log, collectors: [{ name: 'memory', timeout: 2_000, collect }], onCollected: (each) => collected.push(each) })
  t.teardown(() => { void collection.stop(); clock.advance(10_000) })
  return { clock, lines, collected, collection }
}

t.test('a good reading, and what it took', async (t) => {
  const { collection, collected, lines, clock } = collectionOf(t, async () => reading('1'))
  t.match(collection.all, [{ name: 'memory', reading: null, fault: 'has not answered yet' }])
  t.same(['memtotal', 'cpuload'].map((key) => collection.mayWrite(key)), [true, true], 'it may have any figure')
  clock.advance(5_000)
  collection.start()
  await turn()
  t.same(['memtotal', 'cpuload'].map((key) => collection.mayWrite(key)), [true, false])
  t.same(collected, [{ name: 'memory', reading: reading('1'), fault: null, at: '1970-01-01T00:00:05.000Z', took: 0 }])
  t.same(lines, [])
})

t.test('one that hangs: old at its deadline, not started again until it has come back', async (t) => {
  let answers: Array<(value: Reading) => void> = []
  const { collection, collected, lines, clock } = collectionOf(t, async () => await new Promise((resolve) => { answers.push(resolve) }))
  collection.start()
  answers[0]?.(reading('1'))
  await turn()
  answers = []
  for (let beat = 0; beat < 5; beat++) {
    collection.start()
    await turn()
    clock.advance(1_000)
    await turn()
  }
  t.equal(answers.length, 1, 'started once')
  t.match(collected.at(-1), { reading: reading('1'), fault: 'did not answer within 2 s' }, 'the last value is kept, and is old')
  t.equal(lines.length, 1, 'said once')
  t.match(lines[0], 'collector memory ')
  answers[0]?.(reading('2'))
  await turn()
  t.match(collected.at(-1)?.reading, reading('1'), 'what came after the deadline is not news')
  collection.start()
  answers[1]?.(reading('3'))
  await turn()
  t.match(collected.at(-1), { reading: reading('3'), fault: null })
  t.match(lines, ['collector memory ', 'collector memory answers again'])
})

t.test('one that throws, at once or later, and one that answers rubbish', async (t) => {
  const faults = [() => { throw new TypeError('at once') }, async () => { throw new Error('later') }, async () => { throw new CollectorFault('printed rubbish') }]
  const { collection, collected, lines } = collectionOf(t, async (signal) => await (faults.shift() as Collector['collect'])(signal))
  for (const fault of ['at once', 'later', 'printed rubbish']) {
    collection.start()
    await turn()
    t.equal(collected.at(-1)?.fault, fault)
  }
  t.equal(lines.length, 1, 'one episode')
})

t.test('stop: what heeds its signal is awaited, what does not is left behind after a second', async (t) => {
  let aborted = false
  const heeding = collectionOf(t, async (signal) => await new Promise((_resolve, reject) => signal.addEventListener('abort', () => { aborted = true; reject(signal.reason) })))
  heeding.collection.start()
  await heeding.collection.stop()
  t.ok(aborted)
  t.same(heeding.collected, [], 'and nothing more is said')
  const deaf = collectionOf(t, async () => await new Promise(() => {}))
  deaf.collection.start()
  const stopping = deaf.collection.stop()
  await turn()
  deaf.clock.advance(1_000)
  await stopping
  deaf.collection.start()
  t.same(deaf.lines, [])
})
