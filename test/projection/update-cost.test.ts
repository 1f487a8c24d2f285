/** What an update of the projection costs, in readings of the cached tree: it goes by what has changed, not by how many nodes there are. */
import t from 'tap'
import { ConditionTracker } from '../../src/projection/condition-tracker.ts'
import { ApiSnapshot } from '../../src/projection/api-snapshot.ts'
import { memberOf } from '../../src/core/model/member.ts'
import type { Stat } from '../../src/zookeeper/client/connection.ts'
import { CacheSnapshot, type CacheEntry } from '../../src/zookeeper/cache/cache-snapshot.ts'
import { PersistentMap } from '../../src/zookeeper/cache/persistent-map.ts'

const NODES = 1_000
const stat: Stat = { version: 0, cversion: 0, czxid: '1', mzxid: '1', pzxid: '1', ctime: 0, mtime: 0, ephemeralOwner: '0', numChildren: 0, dataLength: 0 }

let readings = 0
class Counted extends CacheSnapshot {
  override get (path: string): CacheEntry | undefined {
    readings += 1
    return super.get(path)
  }
}

const names = Array.from({ length: NODES }, (_, at) => `hv${at}`)
const own = { daemonmode: 'hypervisor', daemonstate: 'run', routerstate: 'client', domainstate: 'ready', keepalive: '1', runningdomains: '' }

function treeOf (changes: Readonly<Record<string, string>> = {}, nodes: readonly string[] = names): CacheSnapshot {
  let entries = PersistentMap.empty<CacheEntry>()
  const put = (path: string, data: string, below: readonly string[] | null = null): void => { entries = entries.set(path, { data, stat, names: below, listed: '1' }) }
  put('/nodes', '', [...nodes].sort())
  for (const name of nodes) {
    put(`/nodes/${name}`, 'hypervisor', Object.keys(own))
    for (const [child, data] of Object.entries(own)) put(`/nodes/${name}/${child}`, data)
  }
  put('/domains', '', ['u1'])
  put('/nodes/hv7/runningdomains', 'u0 u1')
  for (const [path, data] of Object.entries({ '/domains/u1': 'mail', '/domains/u1/state': 'start', '/domains/u1/node': 'hv7', ...changes })) put(path, data)
  return new Counted(1, 0, '1', 1, entries)
}

const memberWith = (name: string, changes: Readonly<Record<string, string>> = {}) => memberOf(name, (child) => {
  const data = ({ ...own, ...changes } as Readonly<Record<string, string>>)[child]
  return data === undefined ? undefined : { data, version: 0, mzxid: '1', czxid: '1', owner: '', modified: '' }
}, true)

function costOf <T> (work: () => T): readonly [result: T, readings: number] {
  readings = 0
  return [work(), readings]
}

t.test('an update', async (t) => {
  const [first, all] = costOf(() => ApiSnapshot.next(treeOf(), null, null, []))
  t.ok(all > 10 * NODES, 'everything is read once')
  t.strictSame([first.node('hv7')?.details.running_domains, first.domainsOn('hv7')], [['u0', 'mail'], ['mail']])

  const [moved, moving] = costOf(() => ApiSnapshot.next(treeOf({ '/domains/u1/state': 'stop' }), null, first, ['/domains/u1/state']))
  t.ok(moving < 100, `the state of a domain: ${moving} readings`)
  t.strictSame([moved.changedNodes, moved.domainsOn('hv7')], [[], []], 'it runs nowhere now')

  const [renamed, naming] = costOf(() => ApiSnapshot.next(treeOf({ '/domains/u1': 'web' }), null, first, ['/domains/u1']))
  t.ok(naming < NODES + 100, `the name of a domain: ${naming} readings, one for each node`)
  t.strictSame([renamed.changedNodes, renamed.node('hv7')?.details.running_domains, renamed.domainsOn('hv7')], [['hv7'], ['u0', 'web'], ['web']], 'where it runs, and nowhere else')
  t.equal(renamed.node('hv8'), first.node('hv8'))

  const [grown, growing] = costOf(() => ApiSnapshot.next(treeOf({}, [...names, 'new']), null, first, ['/nodes', '/nodes/new/daemonstate', '/nodes/new/runningdomains']))
  t.ok(growing < 100, `a node more: ${growing} readings`)
  t.strictSame([grown.changedNodes, grown.names.length], [['new'], NODES + 1])
  const [shrunk, shrinking] = costOf(() => ApiSnapshot.next(treeOf(), null, grown, ['/nodes', '/nodes/new/daemonstate', '/nodes/new/runningdomains']))
  t.ok(shrinking < 100, `a node less: ${shrinking} readings`)
  t.strictSame([shrunk.changedNodes, shrunk.node('new'), shrunk.node('hv7')], [['new'], undefined, first.node('hv7')])
})

t.test('conditions', async (t) => {
  const snapshot = ApiSnapshot.next(treeOf(), null, null, [])
  const members = names.map((name) => memberWith(name))
  const tracker = new ConditionTracker()
  tracker.update(snapshot, members, 0)
  for (let second = 1; second < 15; second++) tracker.at(snapshot, second * 1_000)
  const [none, well] = costOf(() => tracker.at(snapshot, 14_900))
  t.notOk(none.some(({ code }) => code === 'keepalive_late'))
  t.ok(well <= 2 * NODES, `of nodes that are well: ${well} readings`)
  const [late, found] = costOf(() => tracker.at(snapshot, 15_000))
  t.equal(late.filter(({ code }) => code === 'keepalive_late').length, NODES)
  t.ok(found <= 3 * NODES, `of nodes that are all late: ${found} readings`)

  let [last, list] = [snapshot, members]
  /** What else than lateness is found at `now`, after these changes of hv7 and of paths. */
  const after = (now: number, node: Readonly<Record<string, string>>, others: Readonly<Record<string, string>> = {}) => {
    const changes = { ...Object.fromEntries(Object.entries(node).map(([child, data]) => [`/nodes/hv7/${child}`, data])), ...others }
    last = ApiSnapshot.next(treeOf(changes), null, last, Object.keys(changes))
    if ('daemonstate' in node) list = list.map((member) => member.name === 'hv7' ? memberWith('hv7', node) : member)
    tracker.update(last, list, now)
    const [conditions, cost] = costOf(() => tracker.at(last, now))
    return [conditions.filter(({ code }) => code !== 'keepalive_late' && code !== 'primary_missing').map(({ code, node }) => `${code} ${node}`), cost] as const
  }
  const elsewhere = { '/domains/u1/node': 'hv9' }
  const [stopped, stopping] = after(16_000, { daemonstate: 'stop' }, elsewhere)
  t.strictSame(stopped, ['node_stopped hv7'])
  t.ok(stopping < NODES / 10, `of one node that stops: ${stopping} readings`)
  t.strictSame(after(16_500, { daemonstate: 'fenced' }, elsewhere)[0], ['node_fenced hv7'])
  t.strictSame(after(17_000, {}, { '/nodes/hv8/monitoring_data': '["disk"]', '/domains/u1/node': 'hv7' })[0], ['domains_left hv7', 'node_fenced hv7'], 'a domain that came to it meanwhile')
  t.strictSame(after(17_500, { daemonstate: 'run' })[0], [])
  t.strictSame(after(18_000, { domainstate: 'flush' })[0], ['node_flushed hv7'], 'the node is the same member as before')
})
