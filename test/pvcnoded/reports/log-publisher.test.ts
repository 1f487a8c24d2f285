/** What a daemon keeps in ZooKeeper of its log and its journal: the next run continues it, and no late write takes its place. */
import t, { type Test } from 'tap'
import { Journal } from '../../../src/pvcnoded/reports/journal.ts'
import { LogPublisher, type ContinuedText } from '../../../src/pvcnoded/reports/log-publisher.ts'
import { LogTail } from '../../../src/runtime/log/log-tail.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { parseJournal } from '../../../src/core/story/journal.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { connect, eventually, zookeeper } from '../../support/zookeeper.ts'

const PATH = '/logs/hv1/messages'
const line = (tail: LogTail, msg: string) => tail.write(JSON.stringify({ level: 'info', time: 'T', msg }))

async function world (t: Test) {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  const clock = new ManualClock()
  const text = async (path = PATH) => (await session.get(path).catch(() => null))?.data ?? null
  const begin = (tail: ContinuedText, path = PATH) => new LogPublisher(session, path, tail, clock)
  /** Lets the pause between two writes pass, and waits for what is written after it. */
  const passes = async (reads: string, path = PATH) => await eventually(async () => {
    clock.advance(1_000)
    return await text(path) === reads
  })
  return { session, clock, text, begin, passes }
}

t.test('the next run continues what the last one has left', async (t) => {
  const { begin, passes, text } = await world(t)
  const first = new LogTail()
  line(first, 'one')
  const publisher = begin(first)
  await passes('T info one')
  line(first, 'two')
  await publisher.finish()
  t.equal(await text(), 'T info one\nT info two', 'the last words, too, without the pause')

  const second = new LogTail()
  line(second, 'three')
  const again = begin(second)
  await passes('T info one\nT info two\nT info three')
  line(second, 'four')
  await passes('T info one\nT info two\nT info three\nT info four')
  await again.stop()

  t.comment('another session of the same run has it all already')
  const third = begin(second)
  line(second, 'five')
  await passes('T info one\nT info two\nT info three\nT info four\nT info five')
  await third.stop()
})

t.test('a late write is seen, and then written over', async (t) => {
  const { session, begin, passes } = await world(t)
  const tail = new LogTail()
  line(tail, 'one')
  const publisher = begin(tail)
  await passes('T info one')
  await session.set(PATH, 'late', ANY_VERSION)
  line(tail, 'two')
  await passes('T info one\nT info two')
  await session.delete(PATH, ANY_VERSION)
  line(tail, 'three')
  await passes('T info one\nT info two\nT info three')
  await publisher.stop()
})

t.test('nothing is written that expects a version which another write has', async (t) => {
  const { session, begin, passes } = await world(t)
  const tail = new LogTail()
  line(tail, 'one')
  const publisher = begin(tail)
  await passes('T info one')
  const versions: unknown[] = []
  const set = session.set.bind(session)
  session.set = async (path, data, version, options) => {
    versions.push(version)
    return await set(path, data, version, options)
  }
  line(tail, 'two')
  await passes('T info one\nT info two')
  await publisher.stop()
  t.strictSame(versions, [0])
})

t.test('nothing is said of what cannot be written; it is written with the next line', async (t) => {
  const { session, clock, begin, passes, text } = await world(t)
  const tail = new LogTail()
  line(tail, 'one')
  const get = session.get.bind(session)
  let refused = 0
  session.get = async (path) => {
    refused++
    throw new ZooKeeperError('no_auth', { op: 'get', path })
  }
  const publisher = begin(tail)
  clock.advance(1_000)
  await eventually(() => refused === 1)
  session.get = get
  t.equal(await text(), null)
  line(tail, 'two')
  await passes('T info one\nT info two')
  await publisher.stop()
  line(tail, 'three')
  clock.advance(10_000)
  t.equal(clock.running, 0, 'and nothing more once it has stopped')
})

t.test('a journal: entries of earlier runs stay before those of this one', async (t) => {
  const { clock, begin, text } = await world(t)
  const path = '/nodes/hv1/events'
  const first = new Journal(clock)
  const publisher = begin(first, path)
  clock.advance(5_000)
  await publisher.finish()
  t.equal(await text(path), null, 'with nothing to say there is none')
  first.add({ event: 'demoted', message: 'the lease ran out; nothing is held' })
  await publisher.finish()
  const second = new Journal(clock)
  second.add({ event: 'acquired', epoch: 7, resource: 'ip', message: 'ip is acquired' })
  const again = begin(second, path)
  await eventually(async () => {
    clock.advance(1_000)
    return parseJournal(await text(path)).length === 2
  })
  await again.stop()
  t.match(parseJournal(await text(path)), [{ event: 'demoted', epoch: null, resource: null }, { event: 'acquired', epoch: 7, resource: 'ip' }])
  second.continueFrom(await text(path) ?? '')
  t.equal(parseJournal(second.text).length, 2, 'once')
  for (let index = 0; index < 500; index++) second.add({ event: 'failed', message: String(index) })
  t.equal(parseJournal(second.text).length, 100)
  t.equal(parseJournal(second.text).at(-1)?.message, '499')
})
