/** What is held is looked after: checked, acquired again, reported when that fails; and left alone once stopped. */
import t, { type Test } from 'tap'
import { ResourceStatePublisher } from '../../../src/pvcnoded/resources/state-publisher.ts'
import { ResourceMonitor } from '../../../src/pvcnoded/resources/resource-monitor.ts'
import type { AttemptResult, Resource } from '../../../src/pvcnoded/resources/resource.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const turn = async () => await new Promise((resolve) => setImmediate(resolve))
const failed = (message: string): AttemptResult => ({ kind: 'failed', failure: { code: 'acquire_failed', resource: 'ip', message } })

function caretakerOf (t: Test, attempt: Resource['attempt'], mayAct = async () => true) {
  const clock = new ManualClock()
  const texts: string[] = []
  const lost: string[] = []
  const done: string[] = []
  const board = new ResourceStatePublisher({ clock, names: ['ip'], write: async (text) => { texts.push(text); return true } })
  const monitor = new ResourceMonitor({
    clock,
    log: createLogger({ name: 'pvcnoded', level: 'silent', clock }),
    resources: [{
      name: 'ip', identity: 'ip', acquireTimeout: 1, releaseTimeout: 1, retries: 1, checkInterval: 10_000, attempt: async (action, context) => { done.push(action); return await attempt(action, context) },
    }],
    board,
    mayAct,
    onLost: (failure) => lost.push(`${failure.code}: ${failure.message}`),
    onRegained: (resource) => lost.push(`regained ${resource}`),
  })
  t.teardown(async () => { board[Symbol.dispose](); await monitor.stop() })
  const pass = async () => { clock.advance(10_000); for (let i = 0; i < 10; i++) await turn() }
  return { monitor, board, texts, lost, done, pass }
}

t.test('a good one is checked again and again', async (t) => {
  const { monitor, done, pass, board, lost } = caretakerOf(t, async () => ({ kind: 'done' }))
  monitor.start(1)
  monitor.start(1)
  await pass()
  await pass()
  t.same(done, ['check', 'check'])
  t.match(board.statuses, [{ name: 'ip', state: 'held', error: null }])
  await monitor.stop()
  await pass()
  t.same([done.length, lost], [2, []])
})

t.test('one that is gone is acquired again', async (t) => {
  const { monitor, done, pass, texts, lost } = caretakerOf(t, async (action) => action === 'check' ? failed('It is gone.') : { kind: 'done' })
  monitor.start(1)
  await pass()
  t.same(done, ['check', 'acquire'])
  t.same(texts.map((text) => /"state":"(\w+)"/.exec(text)?.[1]), ['unknown', 'lost', 'held'])
  t.same(lost, [])
})

t.test('one that cannot be had again is reported, and tried again', async (t) => {
  const { monitor, done, pass, board, lost } = caretakerOf(t, async (action) => failed(`No ${action}.`))
  monitor.start(1)
  await pass()
  t.same(done, ['check', 'acquire', 'acquire'])
  t.same(lost, ['resource_lost: No acquire.'])
  t.match(board.statuses, [{ state: 'failed', error: 'No acquire.' }])
  await pass()
  t.equal(lost.length, 2)
})

t.test('one that was reported is reported once as held again', async (t) => {
  let answers: Record<'check' | 'acquire', AttemptResult> = { check: failed('No check.'), acquire: failed('No acquire.') }
  const { monitor, pass, lost } = caretakerOf(t, async (action) => answers[action as 'check'])
  const reported = 'resource_lost: No acquire.'
  monitor.start(1)
  await pass()
  answers = { ...answers, acquire: { kind: 'done' } }
  await pass()
  t.same(lost, [reported, 'regained ip'], 'acquired')
  await pass()
  answers = { ...answers, acquire: failed('No acquire.') }
  await pass()
  answers = { ...answers, check: { kind: 'done' } }
  await pass()
  await pass()
  t.same(lost, [reported, 'regained ip', reported, 'regained ip'], 'or found by its check')
})

t.test('nothing is acquired without a sound lease', async (t) => {
  const { monitor, done, pass, lost } = caretakerOf(t, async () => failed('gone'), async () => false)
  monitor.start(1)
  await pass()
  t.same([done, lost], [['check'], []])
})

t.test('stop ends an acquisition in progress and waits for it; nothing is said of it', async (t) => {
  let end: (result: AttemptResult) => void = () => {}
  const { monitor, pass, lost } = caretakerOf(t, async (action, { signal }) => action === 'check'
    ? failed('gone')
    : await new Promise((resolve) => { signal.addEventListener('abort', () => { end = resolve }) }))
  monitor.start(1)
  await pass()
  let stopped = false
  const stopping = monitor.stop().then(() => { stopped = true })
  await turn()
  t.notOk(stopped, 'the process group is not gone yet')
  end({ kind: 'aborted' })
  await stopping
  t.same(lost, [])
})

t.test('the board: what is wrong with a resource is published while it is so, and not once it is released', async (t) => {
  const clock = new ManualClock()
  const board = new ResourceStatePublisher({ clock, names: ['ip'], write: async () => true })
  t.teardown(() => { board[Symbol.dispose]() })
  board.set('ip', 'held')
  board.concern('ip', 'address_duplicate', 'another machine has it')
  const since = clock.wall()
  clock.advance(1_000)
  board.concern('ip', 'address_unannounced', 'no perl')
  board.concern('ip', 'address_duplicate', 'two other machines have it')
  board.concern('no such', 'address_duplicate', 'x')
  t.match(board.statuses, [{ state: 'held', concerns: [{ code: 'address_unannounced' }, { code: 'address_duplicate', message: 'two other machines have it', since }] }])
  board.set('ip', 'lost', 'gone')
  t.equal(board.statuses[0]?.concerns.length, 2, 'it says nothing of those')
  board.concern('ip', 'address_unannounced', null)
  t.match(board.statuses, [{ concerns: [{ code: 'address_duplicate' }] }])
  board.set('ip', 'released')
  t.strictSame(board.statuses[0]?.concerns, [])
})

t.test('the board: one write at a time, the newest state, and again after a failure', async (t) => {
  const clock = new ManualClock()
  const written: string[] = []
  const answers: Array<(good: boolean) => void> = []
  const board = new ResourceStatePublisher({ clock, names: ['a', 'b'], write: async (text) => { written.push(text); return await new Promise((resolve) => answers.push(resolve)) } })
  board.set('a', 'acquiring')
  board.set('a', 'held')
  board.set('a', 'held')
  t.equal(written.length, 1)
  answers.shift()?.(true)
  await turn()
  t.match(written[1], /"a","state":"held"/, 'what came between is passed over')
  answers.shift()?.(false)
  await turn()
  t.equal(written.length, 2)
  clock.advance(1_000)
  await turn()
  t.equal(written[2], written[1], 'written again')
  answers.shift()?.(true)
  await turn()
  board[Symbol.dispose]()
  board.set('b', 'lost', 'gone')
  clock.advance(5_000)
  await turn()
  t.equal(written.length, 3, 'nothing after it was disposed')
})
