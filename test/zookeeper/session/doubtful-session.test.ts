/** A session on servers that have refused the one before it: it becomes current, for all waiters, once the servers have answered on it. Also: why there is no contact. */
import t from 'tap'
import { setImmediate as turn } from 'node:timers/promises'
import type { Connection, ConnectionEvent } from '../../../src/zookeeper/client/connection.ts'
import type { Diagnosis } from '../../../src/zookeeper/client/diagnosis.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import { SessionKeeper, type KeeperReport } from '../../../src/zookeeper/session/session-keeper.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'
import { ManualClock } from '../../support/manual-clock.ts'

interface Asked { readonly resolve: () => void, readonly reject: (error: ZooKeeperError) => void }

/** A keeper whose connections do what the test says. */
function kept (diagnose?: () => Promise<Diagnosis>) {
  const clock = new ManualClock()
  const reports: KeeperReport[] = []
  const asked: Asked[] = []
  let tell: (event: ConnectionEvent) => void = () => {}
  const keeper = new SessionKeeper({
    connector: ({ onEvent }) => {
      tell = onEvent
      const never = async (): Promise<never> => await new Promise(() => {})
      return {
        watchBytes: 0,
        exists: async () => await new Promise((resolve, reject) => { asked.push({ resolve: () => resolve(null), reject }) }),
        get: never,
        children: never,
        create: never,
        createAll: never,
        deleteAll: never,
        setGuarded: never,
        set: never,
        delete: never,
        sync: never,
        close: () => {},
      } satisfies Connection
    },
    servers: ['one:1'],
    sessionTimeout: 4_000,
    clock,
    random: () => 0,
    report: (report) => reports.push(report),
    ...diagnose === undefined ? {} : { diagnose },
  })
  const connect = () => tell({ type: 'connected', sessionId: 'a1', negotiatedTimeout: 4_000 })
  return { clock, reports, asked, keeper, connect, tell: (event: ConnectionEvent) => tell(event) }
}

/** The same, with the first session refused and the second connected: it is doubtful. */
async function doubtful () {
  const made = kept()
  made.connect()
  made.keeper.current?.destroy(new ZooKeeperError('auth_required', { op: 'exists', path: '/' }))
  made.clock.advance(5_000)
  const heard: Session[] = []
  made.keeper.onSession((session) => heard.push(session))
  const readied: Session[] = []
  for (let waiter = 0; waiter < 3; waiter++) void made.keeper.ready().then((session) => readied.push(session))
  made.connect()
  await turn()
  return { ...made, heard, readied }
}

t.test('it is asked once for all waiters, and is the current session before a waiter gets it', async (t) => {
  const { keeper, asked, heard, readied } = await doubtful()
  t.equal(asked.length, 1)
  t.equal(keeper.current, null)
  t.same(readied, [])
  asked[0]?.resolve()
  await turn()
  t.ok(keeper.current !== null)
  t.ok(heard.length === 1 && heard[0] === keeper.current)
  t.ok(readied.length === 3 && readied.every((session) => session === keeper.current))
})

t.test('an answer that is no yes is one all the same; a lost one is asked for again; a word of its end is none', async (t) => {
  const { keeper, asked, clock, heard, readied } = await doubtful()
  asked[0]?.reject(new ZooKeeperError('deadline', { op: 'exists', path: '/' }))
  await turn()
  t.equal(keeper.current, null)
  clock.advance(1_000)
  asked[1]?.reject(new ZooKeeperError('closed', { op: 'exists', path: '/' }))
  await turn()
  t.same([keeper.current, heard, readied], [null, [], []])

  const other = await doubtful()
  other.asked[0]?.reject(new ZooKeeperError('unknown', { op: 'exists', path: '/', detail: 'code -1' }))
  await turn()
  t.ok(other.keeper.current !== null && other.readied.length === 3)
})

t.test('out of contact before it has answered, it is asked again with the next connection, and reported as one session', async (t) => {
  const { keeper, asked, reports, connect, tell, readied } = await doubtful()
  tell({ type: 'disconnected' })
  asked[0]?.reject(new ZooKeeperError('connection_loss', { op: 'exists', path: '/' }))
  await turn()
  connect()
  await turn()
  t.equal(asked.length, 2)
  asked[1]?.resolve()
  await turn()
  t.ok(keeper.current !== null && readied.length === 3)
  t.same(reports.map(({ event }) => event), ['session_opened', 'session_lost', 'session_opened'])
})

t.test('why there is no contact is asked long before an attempt to connect is given up, and again while there is none', async (t) => {
  let diagnosis: Diagnosis = { reason: 'refused', sentence: 'one:1 refuses', someServe: false }
  const { clock, reports, connect, tell } = kept(async () => diagnosis)
  const told = () => reports.filter((report) => report.event === 'diagnosed').map(({ diagnosis: { reason } }) => reason)
  clock.advance(1_000)
  await turn()
  t.same(reports, [{ event: 'diagnosed', diagnosis }], 'before the attempt has failed')
  connect()
  clock.advance(60_000)
  await turn()
  t.same(told(), ['refused'], 'no question while there is contact')
  tell({ type: 'disconnected' })
  diagnosis = { reason: 'serves', sentence: 'one:1 grants sessions', someServe: true }
  clock.advance(1_000)
  await turn()
  t.same(told(), ['refused'], 'a server that serves is about to be found')
  diagnosis = { reason: 'silent', sentence: 'one:1 says nothing', someServe: false }
  clock.advance(10_000)
  await turn()
  t.same(told(), ['refused', 'silent'])
})

t.test('an answer that comes when there is contact again is dropped', async (t) => {
  let answer: (diagnosis: Diagnosis) => void = () => {}
  const { clock, reports, connect } = kept(async () => await new Promise((resolve) => { answer = resolve }))
  clock.advance(1_000)
  connect()
  answer({ reason: 'refused', sentence: '', someServe: false })
  await turn()
  t.same(reports.map(({ event }) => event), ['session_opened'])
})
