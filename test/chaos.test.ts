// What is judged after a real cluster was under fire: each kind of evidence against it is found, and none where there is none.
import t from 'tap'
import { judge, type Evidence } from '../proof/chaos/verdict.ts'
import type { Request } from '../proof/chaos/clients.ts'
import type { Transaction } from '../tools/testbed/zookeeper-server.ts'
import { closeRecord, openRecord, type Closing, type SwitchoverRecord } from '../src/core/model/record.ts'

const SESSION = '1000a'
/** Milliseconds since 1970. */
const NOON = Date.UTC(2026, 0, 1, 12)

const hex = (zxid: number) => zxid.toString(16).padStart(16, '0')

const lockChild = (number: number) => `/config/primary_node/${'0'.repeat(32)}__lock__${String(number).padStart(10, '0')}`

/** A transaction log as ZooKeeper keeps it, of what somebody does on one session. */
class Log {
  readonly transactions: Transaction[] = []

  constructor () {
    this.#add('createSession')
    for (const path of ['/config', '/nodes', '/switchovers']) this.create(path)
    this.create('/config/primary_node', 'none')
    this.set('/switchovers', JSON.stringify({ czxid: this.transactions.at(-1)?.zxid, base: 0 }))
    for (const name of ['hv1', 'hv2']) {
      this.create(`/nodes/${name}`)
      for (const [child, data] of [['daemonmode', 'coordinator'], ['daemonstate', 'run'], ['routerstate', 'secondary'], ['keepalive', '0'], ['presence', '{}']] as const) this.create(`/nodes/${name}/${child}`, data)
    }
  }

  #add (op: string, path = '', data = ''): this {
    this.transactions.push({ time: NOON, session: SESSION, zxid: hex(this.transactions.length + 1), op, path, data, ephemeral: path.endsWith('/presence') || path.includes('__lock__') })
    return this
  }

  create (path: string, data = ''): this { return this.#add('create', path, data) }
  set (path: string, data: string): this { return this.#add('setData', path, data) }
  lock (number: number): this { return this.create(lockChild(number)) }
  unlock (number: number): this { return this.#add('delete', lockChild(number)) }

  /** A switchover from its record to the record's end. */
  switchover (record: SwitchoverRecord, closing: Closing): this {
    const path = `/switchovers/${String(record.epoch).padStart(10, '0')}`
    return this.create(path, JSON.stringify(record)).set('/config/primary_node', record.to ?? 'none').set(path, JSON.stringify(closeRecord(record, '', closing, record)))
  }
}

const wish = (epoch: number, reason = 'r') => openRecord(epoch, '', { from: null, to: 'hv1', cause: 'request', timeout: 10, reason })
const superseded = { outcome: 'superseded' } as const
const asked = (told: Request['told'], reason = 'r', to = 'hv1'): Request => ({ reason, to, told })
const judged = (evidence: Partial<Evidence>) => judge({ transactions: new Log().switchover(wish(1), superseded).transactions, collisions: [], fences: [], impairments: [], requests: [], complaints: [], ...evidence }).violations

t.test('nothing against it', async (t) => {
  const { transactions } = new Log().switchover(wish(1), superseded)
  const verdict = judge({ transactions, collisions: [], fences: [], impairments: [], requests: [asked({ kind: 'committed', epoch: 1 })], complaints: [] })
  t.strictSame(verdict, { violations: [], switchovers: 1, outcomes: new Map([['superseded', 1]]), transactions: transactions.length, fences: 0 })
})

t.test('1: what the resource itself has noticed', async (t) => {
  t.strictSame(judged({ collisions: ['hv2 acquired address of hv1'] }), ['1: collision: hv2 acquired address of hv1'])
})

t.test('2 to 8: what the transaction log shows', async (t) => {
  const found = (log: Log) => judged({ transactions: log.transactions })
  const untrue = new Log().switchover(wish(1), { outcome: 'succeeded' })
  t.strictSame(found(untrue), [`5: switchover 1 to hv1 succeeded, but was never complete (transaction ${untrue.transactions.at(-1)?.zxid ?? ''})`])
  t.match(found(new Log().set('/nodes/hv1/routerstate', 'takeover')), [/^3: .* without the primary lock/])
  const locked = () => new Log().lock(1).set('/nodes/hv1/routerstate', 'takeover').lock(2)
  t.strictSame(found(locked().unlock(2)), [], 'an attempt given up by who holds the lock')
  t.match(found(locked().unlock(2).unlock(1)), [/^3: hv1 released the primary lock in takeover/])
  t.match(found(new Log().switchover(wish(1), superseded).set('/switchovers/0000000001', JSON.stringify({ ...wish(1), outcome: 'failed' }))), [/^4: switchover 1 was superseded and then failed/])
  t.match(found(new Log().set('/nodes/hv1/keepalive', '1').set('/nodes/hv1/daemonstate', 'stop').set('/nodes/hv1/keepalive', '2')), [/^8: .* after stop/])
  t.match(found(new Log().set('/nodes/hv1/daemonstate', 'stop')), [/^8: the last write before stop was .*, not the final keepalive/])
  t.match(found(new Log().set('/nowhere', '')), [/^unforeseen: the log says set \/nowhere, which cannot be/])
})

t.test('6 and 10: what clients were told', async (t) => {
  const { transactions } = new Log().switchover(wish(1), superseded).switchover(wish(2, 'other'), superseded).switchover(wish(3), superseded)
  t.match(judged({ requests: [asked({ kind: 'committed', epoch: 7 })] }), [/^10: .* epoch 7, which nobody has recorded/, /^10: epoch 7 was committed/])
  t.match(judged({ requests: [asked({ kind: 'committed', epoch: 1 }, 'r', 'hv2')] }), [/^10: a client asked for hv2 and was told of the switchover to hv1/, /^10: epoch 1/])
  t.match(judged({ requests: [asked({ kind: 'not_started' })] }), [/^10: the request "r" is switchover 1, and was told not_started/])
  t.match(judged({ transactions, requests: [asked({ kind: 'committed', epoch: 1 })] }), [/^6: the request "r" moved the primary 2 times/])
  t.strictSame(judged({ complaints: ['500 from here'] }), ['500 from here'])
})

t.test('9: a fence that nothing explains', async (t) => {
  const fences = [{ at: NOON, node: 'hv1' }]
  const unexplained = ['9: hv1 was fenced at 2026-01-01T12:00:00.000Z, and nothing had been done to it']
  const impaired = (node: string, from: number, until: number) => judged({ fences, impairments: [{ node, from: NOON + from, until: NOON + until }] })
  t.strictSame(judged({ fences }), unexplained)
  t.strictSame(impaired('hv2', -5_000, 5_000), unexplained, 'another node was impaired')
  t.strictSame(impaired('hv1', 1, 5_000), unexplained, 'it was impaired afterwards')
  t.strictSame(impaired('hv1', -60_000, -31_000), unexplained, 'it was impaired long before')
  t.strictSame(impaired('hv1', -60_000, -29_000), [], 'it comes of that')
  t.strictSame(impaired('everybody', -5_000, 5_000), [])
})
