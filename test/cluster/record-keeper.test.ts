// The bound of a record, and the end of a record keeper: what it is writing is waited for, and nothing more is begun.
import t from 'tap'
import type { ClusterSnapshots } from '../../src/cluster/cluster-snapshots.ts'
import type { KeyOperations } from '../../src/cluster/key-operations.ts'
import { RecordKeeper } from '../../src/cluster/record-keeper.ts'
import type { KeyAnswer } from '../../src/core/coordinator/key-change.ts'
import type { Member } from '../../src/core/model/member.ts'
import type { SwitchoverRecord } from '../../src/core/model/record.ts'
import type { CoordinatorState } from '../../src/core/model/states.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { key, member, primary, record, keySnapshot } from '../support/scenario/builders.ts'

const turns = async () => await new Promise((resolve) => setImmediate(resolve))

t.test('closing waits for the record that is being written, and begins no other', async (t) => {
  // The key has moved on past two open records: both are to be closed.
  const view = { ...keySnapshot({ key: key('hv1', 3) }), records: [record(1), record(2)] }
  const feed = { view, onView: () => ({ [Symbol.dispose]: () => {} }) } as unknown as ClusterSnapshots
  const begun: number[] = []
  let answer: (answer: KeyAnswer) => void = () => {}
  let givenUp: AbortSignal | undefined
  const operations = {
    conclude: async (epoch: number, _closing: unknown, _wall: string, signal: AbortSignal) => {
      begun.push(epoch)
      givenUp = signal
      return await new Promise<KeyAnswer>((resolve) => { answer = resolve })
    },
  } as unknown as KeyOperations
  const clock = new ManualClock()
  const keeper = new RecordKeeper({ feed, clock, operations: () => operations, recordsExternal: false, report: () => {} })
  await turns()
  t.same(begun, [1])
  t.notOk(givenUp?.aborted)

  let closed = false
  const closing = keeper[Symbol.asyncDispose]().then(() => { closed = true })
  await turns()
  t.notOk(closed, 'a write is in progress')
  t.ok(givenUp?.aborted, 'whose outcome is not to be waited for beyond that')
  answer({ kind: 'unknown' })
  await closing
  keeper.look()
  await turns()
  t.same(begun, [1], 'the second record is somebody else\'s now')
  t.equal(clock.running, 0)
})

t.test('what cannot be shown to be never applied is tried again until it is closed', async (t) => {
  const view = { ...keySnapshot({ key: key('hv1', 1) }), records: [record(2)] }
  let tell: () => void = () => {}
  const feed = { view, onView: (listener: () => void) => { tell = listener; return { [Symbol.dispose]: () => {} } } } as unknown as ClusterSnapshots
  let tried = 0
  const operations = {
    concludeNotApplied: async () => {
      tried++
      return { kind: 'refused' }
    },
  } as unknown as KeyOperations
  const clock = new ManualClock()
  const keeper = new RecordKeeper({ feed, clock, operations: () => operations, recordsExternal: false, report: () => {} })
  await turns()
  t.equal(tried, 0, 'its bound has not passed')
  const bound = record(2).timeout * 1000 + 5_000
  clock.advance(bound)
  await turns()
  t.equal(tried, 1)
  clock.advance(5_000)
  await turns()
  t.equal(tried, 2, 'though the view has not changed')
  view.records = []
  tell()
  await turns()
  clock.advance(60_000)
  await turns()
  t.equal(tried, 2)
  await keeper[Symbol.asyncDispose]()
  t.equal(clock.running, 0)
})

t.test('what is not permitted is reported once, however often it is tried', async (t) => {
  const view = { ...keySnapshot({ key: key('hv1', 3) }), records: [record(1), record(2)] }
  const feed = { view, onView: () => ({ [Symbol.dispose]: () => {} }) } as unknown as ClusterSnapshots
  let tried = 0
  const operations = {
    conclude: async (epoch: number): Promise<KeyAnswer> => {
      tried += 1
      if (epoch === 1) return { kind: 'denied', denial: { code: 'no_auth', operation: 'set', path: '/switchovers/1', message: 'not permitted' } }
      throw new ZooKeeperError('no_auth', { op: 'set', path: '/switchovers/2' })
    },
  } as unknown as KeyOperations
  const failures: unknown[] = []
  const keeper = new RecordKeeper({ feed, clock: new ManualClock(), operations: () => operations, recordsExternal: false, report: (event) => { if (event.event === 'failed') failures.push(event.error) } })
  for (let times = 0; times < 5; times++) {
    keeper.look()
    await turns()
  }
  t.ok(tried >= 10)
  t.match(failures, [{ message: 'not permitted' }, { code: 'no_auth', path: '/switchovers/2' }])
  t.equal(failures.length, 2)
  await keeper[Symbol.asyncDispose]()
})

t.test('the states that PVC nodes pass through are kept for the timeline', async (t) => {
  const open = record(1, { from: 'hv1', to: 'pv1' })
  const at = (second: number) => `2026-02-03T04:05:0${second}.000Z`
  const peer = (name: string, coordinatorState: CoordinatorState, second: number) => member(name, { ours: false, coordinatorState, stateSince: at(second) })
  const members = (...all: readonly Member[]) => ({ ...keySnapshot({ key: key('pv1', 1), members: all }), records: [open] })
  let view = members(peer('pv1', 'secondary', 0), peer('pv2', 'secondary', 0))
  let tell: () => void = () => {}
  const feed = { get view () { return view }, onView: (listener: () => void) => { tell = listener; return { [Symbol.dispose]: () => {} } } } as unknown as ClusterSnapshots
  const keeper = new RecordKeeper({ feed, clock: new ManualClock(), operations: () => null, recordsExternal: false, report: () => {} })
  for (const next of [members(peer('pv1', 'takeover', 3), peer('pv2', 'secondary', 0)), members(peer('pv1', 'takeover', 3), peer('pv2', 'relinquish', 4)), members(peer('pv1', 'primary', 6), peer('pv2', 'secondary', 5))]) {
    view = next
    tell()
  }
  const told = () => keeper.seenStates(1).filter(({ at: time }) => time > at(2)).map(({ at: time, node, coordinator_state: state }) => `${time.slice(18, 19)} ${node} ${state}`)
  t.same(told(), ['3 pv1 takeover', '4 pv2 relinquish', '6 pv1 primary'])
  view = { ...view, records: [] }
  tell()
  t.same(told(), [], 'a record that is closed has its own')
  await keeper[Symbol.asyncDispose]()
})

t.test('a write without a record gets one, also where it is written over before that', async (t) => {
  const stat = (mzxid: string) => ({ czxid: 'a', mzxid, pzxid: 'a', ctime: 0, mtime: Date.parse('2026-02-03T04:05:06.789Z'), version: 1, cversion: 0, aversion: 0, ephemeralOwner: '0', dataLength: 3, numChildren: 0 })
  const moving = [primary('hv1'), member('hv2')]
  for (const [what, steps, expected] of [
    ['it stays', [['hv2', 4, moving], 'wait'], [{ epoch: 4, from: 'hv1', to: 'hv2', outcome: null }]],
    ['another name is written over it', [['hv2', 4, moving], ['hv3', 5, moving], 'wait'], [{ epoch: 4, from: 'hv1', to: 'hv2', outcome: 'superseded', continued_by: 5 }, { epoch: 5, to: 'hv3', outcome: null }]],
    ['it was complete by then', [['hv1', 4, moving], ['hv3', 5, moving], 'wait'], [{ epoch: 4, from: null, to: 'hv1', outcome: 'succeeded', continued_by: null }, { epoch: 5, to: 'hv3' }]],
    ['it became complete', [['hv2', 4, moving], ['hv2', 4, [member('hv1'), primary('hv2')]], ['hv3', 5, moving], 'wait'], [{ epoch: 4, from: 'hv1', to: 'hv2', outcome: 'succeeded' }, { epoch: 5 }]],
    ['it is repeated', [['hv2', 4, moving], ['hv2', 5, moving], 'wait'], [{ epoch: 4, to: 'hv2', outcome: null }]],
  ] as const) {
    let view = { ...keySnapshot({ key: key('hv1', 3), members: moving }), records: [record(3, { to: 'hv9', outcome: 'superseded' })] as SwitchoverRecord[] }
    let tell: () => void = () => {}
    const feed = { get view () { return view }, onView: (listener: () => void) => { tell = listener; return { [Symbol.dispose]: () => {} } } } as unknown as ClusterSnapshots
    const made: SwitchoverRecord[] = []
    const session = { get: async () => ({ data: view.key.value, stat: stat(view.key.mzxid) }) }
    const createRecord = async (each: SwitchoverRecord) => {
      made.push(each)
      view = { ...view, records: [...view.records, each] }
      tell()
    }
    const clock = new ManualClock()
    const keeper = new RecordKeeper({ feed, clock, operations: () => ({ session, createRecord, conclude: async () => ({ kind: 'refused' }) }) as unknown as KeyOperations, recordsExternal: true, report: () => {} })
    await turns()
    for (const step of steps) {
      if (step === 'wait') clock.advance(250)
      else {
        view = { ...view, key: key(step[0], step[1]), members: step[2] }
        tell()
      }
      await turns()
      await turns()
    }
    t.match(made, expected, what)
    t.equal(made.length, expected.length, what)
    for (const each of made) t.equal(each.started_at, '2026-02-03T04:05:06.789Z')
    await keeper[Symbol.asyncDispose]()
  }
})

t.test('the record of a write while no node holds the role says by what it was lost', async (t) => {
  const znodes: Record<string, string> = { '/config/primary_node': 'hv2', '/nodes/hv1/keepalive': '17' }
  const stat = { czxid: 'a', mzxid: 'a4', pzxid: 'a', ctime: 0, mtime: Date.parse('2026-02-03T04:05:06.789Z'), version: 1, cversion: 0, aversion: 0, ephemeralOwner: '0', dataLength: 3, numChildren: 0 }
  for (const [what, code, expected] of [
    ['what is read', null, { from: 'hv1', to: 'hv2', cause: 'external', last_held_at: '2026-02-03T04:05:06.789Z', evidence: { node: 'hv1', daemon_state: 'fenced' } }],
    ['what may not be read is not known', 'no_auth', { from: 'hv1', last_held_at: null, evidence: { last_sign_at: null } }],
    ['a link that is lost costs no record', 'connection_loss', { from: null, last_held_at: null, evidence: null }],
  ] as const) {
    const get = async (path: string) => {
      if (code !== null && path.startsWith('/nodes')) throw new ZooKeeperError(code, { op: 'get', path })
      if (znodes[path] === undefined) throw new ZooKeeperError('no_node', { op: 'get', path })
      return { data: znodes[path], stat }
    }
    const view = { ...keySnapshot({ key: key('hv2', 4), members: [member('hv1', { daemonState: 'fenced', presence: null }), member('hv2')] }), records: [record(3, { from: null, to: 'hv1', outcome: 'succeeded' })] }
    const feed = { view, onView: () => ({ [Symbol.dispose]: () => {} }) } as unknown as ClusterSnapshots
    const made: SwitchoverRecord[] = []
    const clock = new ManualClock()
    const keeper = new RecordKeeper({ feed, clock, operations: () => ({ session: { get }, createRecord: async (each: SwitchoverRecord) => { made.push(each) } }) as unknown as KeyOperations, recordsExternal: true, report: () => {} })
    await turns()
    clock.advance(250)
    for (let turn = 0; turn < 5; turn++) await turns()
    t.match(made, [expected], what)
    await keeper[Symbol.asyncDispose]()
  }
})
