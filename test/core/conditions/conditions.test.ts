// What is wrong in a cluster, fact by fact: each condition is there while its fact is, and nothing else is.
import t from 'tap'
import { condition, identityOf, sorted, worst } from '../../../src/core/conditions/condition.ts'
import { conditionFault, conditionFaultTexts, shownFaults } from '../../../src/core/conditions/condition-faults.ts'
import { conditionsOf } from '../../../src/core/conditions/conditions.ts'
import type { ClusterFacts, NodeFacts } from '../../../src/core/conditions/facts.ts'
import { KeptConditions } from '../../../src/core/conditions/kept-conditions.ts'
import { conditionKinds } from '../../../src/core/conditions/kinds.ts'
import { fencingReport } from '../../../src/core/fencing/report.ts'
import { newFence, type FenceRecord } from '../../../src/core/model/fence-record.ts'
import type { Member } from '../../../src/core/model/member.ts'
import type { Fault } from '../../../src/core/pvc/cluster-status.ts'
import { faultId } from '../../../src/core/pvc/fault.ts'
import { gone, member, preferring, presence, primary, record, transition, unready } from '../../support/scenario/builders.ts'

const well: NodeFacts = { health: 100, staleChecks: 0, resources: [], fence: null, domainState: 'ready', version: '1', stateSince: 'state', keepaliveAt: 'beat', keepaliveAge: 100, domains: () => [] }
const sound = [primary('hv1'), member('hv2'), member('hv3')]
type Given = Partial<Omit<ClusterFacts, 'node'>> & { readonly nodes?: Readonly<Record<string, Partial<NodeFacts>>> }
const facts = ({ nodes = {}, ...given }: Given = {}): ClusterFacts =>
  ({ key: { value: 'hv1', since: 'then' }, members: sound, open: [], vacant: 0, lock: null, maintenance: false, faults: [], newerSchema: null, ...given, node: (name) => ({ ...well, ...nodes[name] }) })
const told = (given: Given) => conditionsOf(facts(given)).conditions.map(({ code, node, severity }) => `${severity} ${code}${node === null ? '' : ` ${node}`}`)
const instead = (...members: readonly Member[]) => sound.map((each) => members.find(({ name }) => name === each.name) ?? each)
const fence = (state: FenceRecord['state'], given = {}) => ({ ...newFence('hv2', 'presence_gone', { presence: null, renewal: null, keepalive: null }, 'judged'), state, ...given })
const holder = { child: 'a__lock__0000000001', identifier: 'pvcapid hv2', session: '1a', since: 'locked' }
const fault = (id: string, given: Partial<Fault> = {}): Fault => ({ id, last_reported: '', first_reported: '2026-01-01 00:00:00', acknowledged_at: '', status: 'new', health_delta: 5, message: 'a fan', ...given })
const says = (given: Partial<typeof presence>) => ({ ...presence, ...given })

t.test('a cluster that is well has none', async (t) => {
  t.strictSame(conditionsOf(facts()), { conditions: [], holds: 14_900 })
  t.strictSame(told({ members: [primary('hv1'), member('hv4', { mode: 'hypervisor', coordinatorState: 'client' })] }), [], 'one coordinator alone has no other')
  t.strictSame(told({ members: [...sound, member('hv4', { daemonState: null, coordinatorState: null, stateVersion: null, presence: null, ours: false })] }), [], 'a node that was only registered')
  t.strictSame(told({ members: [...sound, member('hv4', { daemonState: 'init', coordinatorState: null, stateVersion: null })] }), [], 'a node that starts for the first time')
  t.strictSame(told({ nodes: { hv1: { health: null, keepaliveAge: null, version: null, resources: [{ name: 'ip', state: 'held', since: '', error: null, concerns: [] }] } } }), [])
})

t.test('the conditions of a node are kept until something that they depend on is different', async (t) => {
  const kept = new KeptConditions()
  let asked: string[] = []
  const look = (now: number, given: Given) => {
    asked = []
    const { node, ...cluster } = facts(given)
    const reading = (name: string) => Object.defineProperty({ ...node(name) }, 'health', { get: () => { asked.push(name); return node(name).health } })
    const { conditions, holds } = conditionsOf({ ...cluster, node: reading }, kept, now)
    return [conditions.map(({ code, node }) => `${code} ${node}`), holds, asked]
  }
  const low = { hv2: { health: 50 } }
  t.strictSame(look(0, { nodes: low }), [['node_health_low hv2'], 14_900, ['hv1', 'hv2', 'hv3']])
  t.strictSame(look(1_000, { nodes: low }), [['node_health_low hv2'], 13_900, []], 'what it was found from is the same')
  kept.forget('hv2')
  t.strictSame(look(2_000, {}), [[], 12_900, ['hv2']], 'a fact has changed, and no age has begun again')
  t.strictSame(look(3_000, { members: instead(member('hv3', { coordinatorState: 'secondary' })) })[2], ['hv3'], 'another member')
  const late = { hv1: { keepaliveAge: 15_000 }, hv2: { keepaliveAge: 14_900 }, hv3: { keepaliveAge: 14_900 } }
  t.strictSame(look(14_900, { nodes: late }), [['keepalive_late hv1'], 100, ['hv1', 'hv3']], 'an age has reached its threshold, and a member is another one')
  const dead = instead(member('hv2', { daemonState: 'dead', presence: null }), member('hv3', { daemonState: 'dead', presence: null }))
  t.strictSame(look(14_900, { nodes: late, members: dead })[2], ['hv1'], 'the advice is another one')
})

t.test('a primary whose daemon starts again is not to be confirmed either', async (t) => {
  const adviceFor = (given: Partial<Member>) => conditionsOf(facts({ members: instead(member('hv1', { daemonState: 'init', ...given })) })).conditions.find(({ code }) => code === 'primary_dead')?.advice
  t.match(adviceFor({}), /^Its daemon is there, and starts again/)
  t.notMatch(adviceFor({}), /confirm/)
  t.match(adviceFor({ presence: null }), /confirm/, 'one that died while it started')
})

const moving = instead(member('hv1'), member('hv2', { coordinatorState: 'takeover' }))
const releasing = instead(member('hv1', { coordinatorState: 'relinquish' }), member('hv2', { coordinatorState: 'takeover' }))
const open = (cause: 'request' | 'rollback' | 'fence' | 'contention' | 'repair', age = 1_000, given = {}) => [{ record: record(5, { cause, timeout: 40, ...given }), age }]
const nobody = { key: { value: 'none', since: 'then' }, members: instead(member('hv1')) }
const backingOff = (...names: readonly string[]) => names.map((name) => member(name, { presence: says({ backoff: { until: 'noon', why: 'The acquire of ip failed.' } }) }))
const dead = primary('hv1', { daemonState: 'dead', presence: null })

t.test('a primary that is fenced need not be confirmed', async (t) => {
  const [found] = conditionsOf(facts({ members: instead(member('hv1', { daemonState: 'fenced', presence: null })) })).conditions
  t.match(found, { code: 'primary_dead', advice: /^It holds nothing any more/ })
  t.notMatch(found?.advice, /confirm/)
})

t.test('a switchover that takes longer than usual names the nodes that it may wait for', async (t) => {
  const stopped = (holds: boolean) => member('hv3', { daemonState: 'stop', coordinatorState: holds ? 'primary' : 'secondary', presence: null })
  const saidOf = (third: Member) => conditionsOf(facts({ key: { value: 'hv2', since: 'then' }, members: [...releasing.slice(0, 2), third], open: open('request'), vacant: 15_000 })).conditions.find(({ code }) => code === 'switchover_slow')?.message
  const begin = 'No node has served as primary for more than 15 s, although a switchover is in progress. hv2 is taking over. hv1 is in relinquish.'
  t.equal(saidOf(member('hv3')), begin)
  t.equal(saidOf(stopped(true)), `${begin} hv3 is stopped, and has not said that it released everything.`)
  t.equal(saidOf(stopped(false)), begin, 'one that stopped in order')
})

t.test('a cluster without a coordinator says so', async (t) => {
  const found = conditionsOf(facts({ ...nobody, members: [member('hv9', { mode: 'hypervisor', coordinatorState: 'client' })] })).conditions.find(({ code }) => code === 'primary_missing')
  t.match(found?.message, /at present: no coordinator has registered yet; start pvcnoded on one\.$/)
})

t.test('while every coordinator backs off, the condition says so, until when and why', async (t) => {
  const [found] = conditionsOf(facts({ key: { value: 'none', since: 'then' }, members: [...backingOff('hv1', 'hv2'), member('hv3', { daemonState: 'stop', presence: null })], open: open('rollback', 1_000, { to: null }) })).conditions
  t.equal(found?.message, 'The primary key names no node. No coordinator takes the role over at present: hv1 leaves the role to its peers until noon, because of a failure: The acquire of ip failed; hv2 leaves the role to its peers until noon, because of a failure: The acquire of ip failed; hv3: its daemon state is not run (stop); hv3: it is not in contact with ZooKeeper (no presence).')
  t.match(found?.advice, /a request that names it, `pvcctl switch --to`, or `POST \/api\/v1\/switchover` with `to`, does not wait/)
})

const cases = [
  ['no node is named', nobody, ['critical primary_missing']],
  ['there is no key', { key: null, members: instead(member('hv1')) }, ['critical primary_missing']],
  ['no node is named, and one is primary', { key: nobody.key }, ['critical primary_mismatch hv1']],
  ['the key was freed in order', { ...nobody, open: open('request', 1_000, { to: null }) }, []],
  ['a switchover moves the role', { key: { value: 'hv2', since: 'then' }, members: moving, open: open('request') }, []],
  ['it is within its time', { key: { value: 'hv2', since: 'then' }, members: releasing, open: open('request'), vacant: 14_999 }, []],
  ['it takes longer than usual', { key: { value: 'hv2', since: 'then' }, members: releasing, open: open('request'), vacant: 15_000 }, ['warning switchover_slow hv2']],
  ['it takes too long', { key: { value: 'hv2', since: 'then' }, members: releasing, open: open('request'), vacant: 60_000 }, ['critical primary_missing hv2']],
  ['one switchover follows the other', { ...nobody, open: open('request', 1_000, { to: null }), vacant: 15_000 }, ['warning switchover_slow']],
  ['and no node becomes primary', { ...nobody, open: open('rollback', 1_000, { to: null }), vacant: 60_000 }, ['critical primary_missing']],
  ['and every coordinator backs off', { ...nobody, members: backingOff('hv1', 'hv2', 'hv3'), open: open('rollback', 1_000, { to: null }) }, ['critical primary_missing', 'info node_backs_off hv1', 'info node_backs_off hv2', 'info node_backs_off hv3']],
  ['and all but one that could not take over', { ...nobody, members: [...backingOff('hv1', 'hv2'), unready('hv3')], open: open('rollback', 1_000, { to: null }) }, ['critical primary_missing', 'warning node_not_ready hv3', 'info node_backs_off hv1', 'info node_backs_off hv2']],
  ['and one does not back off', { ...nobody, members: [...backingOff('hv1', 'hv2'), member('hv3')], open: open('rollback', 1_000, { to: null }) }, ['info node_backs_off hv1', 'info node_backs_off hv2']],
  ['and one is at work', { ...nobody, members: [...backingOff('hv1', 'hv2'), member('hv3', { coordinatorState: 'relinquish' })], open: open('rollback', 1_000, { to: null }) }, ['info node_backs_off hv1', 'info node_backs_off hv2']],
  ['and a request has named one of those', { key: { value: 'hv1', since: 'then' }, members: backingOff('hv1', 'hv2', 'hv3'), open: open('request') }, ['info node_backs_off hv1', 'info node_backs_off hv2', 'info node_backs_off hv3']],
  ['the former primary serves meanwhile', { key: { value: 'hv2', since: 'then' }, members: instead(member('hv2', { coordinatorState: 'takeover' })), open: open('request') }, []],
  ['and the key is free', { key: nobody.key, open: open('request', 1_000, { to: null }) }, []],
  ['a failover is in progress', { key: { value: 'hv2', since: 'then' }, members: moving, open: open('contention') }, ['critical primary_missing hv2']],
  ['a failover past a node that had released', { key: { value: 'hv2', since: 'then' }, members: moving, open: open('repair') }, ['critical primary_missing hv2']],
  ['a primary that has lost a resource hands its role on', { ...nobody, open: open('repair', 1_000, { to: null }) }, []],
  ['the named node is at rest', { key: { value: 'hv2', since: 'then' }, members: instead(member('hv1'), member('hv2', { coordinatorState: null })) }, ['critical primary_missing hv2', 'warning node_unreadable hv2']],
  ['another node is primary', { key: { value: 'hv2', since: 'then' } }, ['critical primary_mismatch hv1']],
  ['a switchover is overdue', { key: { value: 'hv2', since: 'then' }, members: moving, open: open('request', 50_000) }, ['critical primary_missing hv2', 'critical switchover_overdue']],
  ['one with no names is overdue', { open: open('request', 50_000, { from: null, to: null }) }, ['critical switchover_overdue']],
  ['the key names no node', { key: { value: 'hv9', since: null }, members: instead(member('hv1')) }, ['critical primary_unknown']],
  ['the key names a hypervisor', { key: { value: 'hv2', since: null }, members: instead(member('hv1'), member('hv2', { mode: 'hypervisor', coordinatorState: 'client' })) }, ['critical primary_unknown']],
  ['two are primary', { members: instead(primary('hv2')) }, ['critical several_primaries']],
  ['the primary is dead', { members: instead(dead) }, ['critical primary_dead hv1', 'critical node_dead hv1']],
  ['the primary is dead, its fence has failed', { members: instead(dead), nodes: { hv1: { fence: fence('unconfirmed', { attempts: 1, message: 'No answer.' }) } } }, ['critical primary_dead hv1', 'critical node_dead hv1', 'critical fence_unconfirmed hv1']],
  ['nothing can fence it', { members: instead(dead), nodes: { hv1: { fence: fence('unconfirmed', { why: null }) } } }, ['critical primary_dead hv1', 'critical node_dead hv1', 'critical fence_unconfirmed hv1']],
  ['its fence has not ended', { members: instead(dead), nodes: { hv1: { fence: fence('pending') } } }, ['critical primary_dead hv1', 'critical node_dead hv1']],
  ['the primary was fenced', { members: instead(member('hv1', { daemonState: 'fenced', presence: null })), nodes: { hv1: { fence: fence('pending', { confirmed_by: 'hv2' }) } } }, ['critical primary_dead hv1', 'warning node_fenced hv1']],
  ['a node was fenced', { members: instead(member('hv3', { daemonState: 'fenced', presence: null })) }, ['warning node_fenced hv3']],
  ['a node was fenced with domains on it', { members: instead(member('hv3', { daemonState: 'fenced', presence: null })), nodes: { hv3: { domains: () => ['web1'] } }, faults: [fault(faultId({ kind: 'domains_left', node: 'hv3' }))] }, ['critical domains_left hv3', 'warning node_fenced hv3']],
  ['the primary is out of contact', { members: instead(gone('hv1')), nodes: { hv1: { keepaliveAt: null } } }, ['critical primary_dead hv1', 'critical node_unreachable hv1']],
  ['the named node has no readable daemon state', { members: instead(primary('hv1', { daemonState: null })) }, ['critical primary_dead hv1', 'warning node_unreadable hv1']],
  ['a secondary is out of contact', { members: instead(member('hv3', { presence: null })) }, ['warning node_unreachable hv3']],
  ['a hypervisor is out of contact', { members: [...sound, member('hv4', { mode: 'hypervisor', coordinatorState: 'client', presence: null })] }, ['warning node_unreachable hv4']],
  ['a node is stopped', { members: instead(member('hv3', { daemonState: 'stop', presence: null })) }, ['warning node_stopped hv3']],
  ['a node stopped while it was releasing', { members: instead(member('hv3', { daemonState: 'stop', coordinatorState: 'relinquish', presence: null })) }, ['critical node_stopped hv3']],
  ['a node stopped before its start had released anything', { members: instead(member('hv3', { daemonState: 'stop', firstWord: true, presence: null })) }, ['critical node_stopped hv3']],
  ['no node could take over', { members: instead(unready('hv2'), member('hv3', { daemonState: 'stop', presence: null })) }, ['warning successor_missing', 'warning node_stopped hv3', 'warning node_not_ready hv2']],
  ['no node would take over by itself', { members: instead(preferring('hv2', { priority: 0 }), preferring('hv3', { minHealth: 80, health: 79 })) }, ['warning candidates_unwilling']],
  ['a state is malformed', { members: instead(member('hv3', { coordinatorState: null })) }, ['warning node_unreadable hv3']],
  ['a PVC node is back after a fence that is not confirmed', { members: instead(member('hv3', { ours: false, presence: null, fencersWord: true })), nodes: { hv3: { keepaliveAge: 15_000 } } }, ['critical state_disbelieved hv3']],
  ['a keepalive is late', { nodes: { hv1: { keepaliveAge: 15_000 } } }, ['warning keepalive_late hv1']],
  ['that of a PVC primary', { members: instead(primary('hv1', { ours: false, presence: null })), nodes: { hv1: { keepaliveAge: 15_000 } } }, ['critical keepalive_late hv1']],
  ['a lock is not released', { lock: { holder, age: 3_000 } }, ['critical lock_held']],
  ['a lock is held for a moment', { lock: { holder, age: 2_999 } }, []],
  ['a taker holds it', { members: moving, key: { value: 'hv2', since: null }, open: open('request'), lock: { holder, age: 30_000 } }, []],
  ['a release has failed', { members: instead(member('hv2', { coordinatorState: 'relinquish', transition: transition({ error: { code: 'release_failed', resource: 'ip', message: 'busy' } }) })) }, ['critical release_failed hv2']],
  ['a start has failed', { members: instead(member('hv2', { daemonState: 'init', transition: transition({ direction: 'start', error: { code: 'release_failed', resource: null, message: 'busy' } }) })) }, ['critical release_failed hv2']],
  ['an older error', { members: instead(member('hv2', { transition: transition({ error: { code: 'release_failed', resource: null, message: 'busy' } }) })) }, []],
  ['a node backs off', { members: instead(member('hv2', { presence: says({ backoff: { until: 'noon', why: 'it failed' } }) })) }, ['info node_backs_off hv2']],
  ['a resource is lost', { nodes: { hv1: { resources: [{ name: 'ip', state: 'lost', since: 'then', error: 'gone', concerns: [] }] } } }, ['critical resource_lost hv1']],
  ['another machine has an address', { nodes: { hv1: { resources: [{ name: 'ip', state: 'held', since: 'then', error: null, concerns: [{ code: 'address_duplicate', message: 'another machine has it', since: 'seen' }] }] } } }, ['critical address_duplicate hv1']],
  ['an address that cannot be announced is lost besides', { nodes: { hv1: { resources: [{ name: 'ip', state: 'lost', since: 'then', error: null, concerns: [{ code: 'address_unannounced', message: 'no raw socket', since: 'seen' }] }] } } }, ['critical resource_lost hv1', 'warning address_unannounced hv1']],
  ['a node that was primary starts and has failed to release', { members: instead(primary('hv1', { daemonState: 'init' })), nodes: { hv1: { resources: [{ name: 'ip', state: 'failed', since: 'then', error: null, concerns: [] }] } } }, ['critical primary_dead hv1', 'warning resource_failed hv1']],
  ['a resource has failed', { nodes: { hv2: { resources: [{ name: 'ip', state: 'failed', since: 'then', error: null, concerns: [] }] } } }, ['warning resource_failed hv2']],
  ['what a dead node said last', { members: instead(member('hv3', { daemonState: 'dead', presence: null })), nodes: { hv3: { health: 0, resources: [{ name: 'ip', state: 'failed', since: 'then', error: null, concerns: [] }] } } }, ['critical node_dead hv3']],
  ['low health', { nodes: { hv3: { health: 0 } } }, ['warning node_health_low hv3']],
  ['health that is good enough', { nodes: { hv3: { health: 90 } } }, []],
  ['stale checks', { nodes: { hv2: { staleChecks: 1 }, hv3: { staleChecks: 2 } } }, ['warning checks_stale hv2', 'warning checks_stale hv3']],
  ['a node without domains', { nodes: { hv2: { domainState: 'flushed' }, hv3: { domainState: 'flush' } } }, ['info node_flushed hv2', 'info node_flushed hv3']],
  ['versions', { nodes: { hv2: { version: '2' } } }, ['info versions_differ']],
  ['a newer layout', { newerSchema: 16 }, ['warning schema_too_new']],
  ['maintenance', { maintenance: true }, ['info maintenance']],
  ['maintenance with a dead node', { maintenance: true, members: instead(member('hv3', { daemonState: 'dead', presence: null })) }, ['critical node_dead hv3', 'critical fencing_suspended', 'info maintenance']],
  ['two are dead', { members: instead(member('hv2', { daemonState: 'dead', presence: null }), member('hv3', { daemonState: 'dead', presence: null })) }, ['critical node_dead hv2', 'critical node_dead hv3', 'critical fencing_suspended', 'warning successor_missing']],
  ['fences that would fail', { members: instead(member('hv2', { presence: says({ brokenFences: [{ node: 'hv3', message: 'No answer.', since: 'then' }] }) }), primary('hv1', { presence: says({ brokenFences: [{ node: 'hv3', message: 'No answer.', since: 'then' }, { node: 'hv2', message: 'x', since: '' }] }) })) }, ['warning fence_probe hv2', 'warning fence_probe hv3']],
  ['not of one mind', { members: instead(member('hv2', { presence: says({ failover: 'manual' }) }), primary('hv1', { presence: says({ failover: 'fenced' }) })) }, ['warning failover_differs']],
  ['a resource that one node is configured without', { members: instead(member('hv2', { presence: says({ resources: ['10.0.0.100'] }) }), primary('hv1', { presence: says({ resources: ['10.0.0.101'] }) })) }, ['warning resources_differ hv1', 'warning resources_differ hv2']],
  ['a cluster of PVC daemons', { members: [primary('hv1', { ours: false, presence: null }), member('hv2', { ours: false, presence: null, daemonState: 'dead' }), member('hv3', { ours: false, presence: null })] }, ['critical node_dead hv2']],
  ['faults', { faults: [fault('F1'), fault('F2', { status: 'ack' }), fault('F3', { message: '' }), fault('F4', { message: '', first_reported: '', last_reported: '2026-01-01 00:00:00' }), fault('in part', { message: '', first_reported: '' }), fault(faultId({ kind: 'domains_left', node: 'hv2' }))] }, ['critical domains_left hv2', 'warning fault', 'warning fault', 'warning fault']],
  ['a fault of which there is a condition', { members: instead(member('hv3', { daemonState: 'dead', presence: null })), faults: [fault(faultId({ kind: 'node_dead', node: 'hv3' }))] }, ['critical node_dead hv3']],
] as const satisfies ReadonlyArray<readonly [string, Given, readonly string[]]>
for (const [what, given, expected] of cases) t.test(what, async (t) => { t.strictSame(told(given), expected) })

t.test('every kind has its case, but what only an API knows of itself', async (t) => {
  const found = cases.flatMap(([, given]) => conditionsOf(facts(given)).conditions)
  t.strictSame([...new Set([...found.map(({ code }) => code), 'view_stale'])].sort(), Object.keys(conditionKinds).sort())
  for (const { code, advice } of found) t.notMatch(advice, /\{(node|id)\}/, code)
  t.equal(worst(found.slice(0, 1)), 'critical')
  t.equal(worst([]), 'ok')
})

t.test('the domains of a fenced node are named', async (t) => {
  const left = (count: number) => conditionsOf(facts({ members: instead(member('hv3', { daemonState: 'fenced', presence: null })), nodes: { hv3: { domains: () => Array.from({ length: count }, (_, index) => `vm${index}`) } } })).conditions[0]?.message
  t.equal(left(1), 'hv3 was fenced, and 1 domain is still on it: vm0.')
  t.equal(left(2), 'hv3 was fenced, and 2 domains are still on it: vm0, vm1.')
  t.match(left(22), /22 domains are still on it: vm0, .*vm19 and 2 more\.$/)
})

t.test('a switchover that takes longer than usual says who has not moved', async (t) => {
  const [slow] = conditionsOf(facts({ key: { value: 'hv2', since: 'then' }, members: releasing, open: open('request'), vacant: 15_000 })).conditions
  t.equal(slow?.message, 'No node has served as primary for more than 15 s, although a switchover is in progress. hv2 is taking over. hv1 is in relinquish.')
})

t.test('what a node has seen of a resource that it holds is told with its resource, and since when', async (t) => {
  const concerns = [{ code: 'address_duplicate', message: 'another machine on p0 (02:00:00:00:00:01) has 10.0.0.1 too; remove it there', since: 'seen' }] as const
  t.match(conditionsOf(facts({ nodes: { hv1: { resources: [{ name: 'ip', state: 'held', since: 'then', error: null, concerns }] } } })).conditions,
    [{ message: 'hv1: another machine on p0 (02:00:00:00:00:01) has 10.0.0.1 too; remove it there.', resource: 'ip', since: 'seen', fault: faultId({ kind: 'address_duplicate', node: 'hv1', subject: 'ip' }) }])
})

t.test('while several are dead, every condition names the node whose confirmation unblocks fencing', async (t) => {
  const advices = (nodes: Given['nodes'] = {}, ...more: readonly Member[]) => {
    const given = { members: [...instead(dead, member('hv2', { daemonState: 'dead', presence: null })), ...more], nodes }
    const confirm = fencingReport(given.members, (name) => nodes[name]?.fence ?? null)?.suspended?.confirm
    return [confirm?.join(), ...conditionsOf(facts(given)).conditions.filter(({ advice }) => /POST.*fence-confirmation/.test(advice)).map(({ code, node, advice }) => `${code} ${node}: ${[...advice.matchAll(/node\/(\w+)\/fence-conf/g)].map(([, name]) => name).join()}`)]
  }
  t.strictSame(advices(), ['hv2', 'primary_dead hv1: hv2'])
  t.strictSame(advices({ hv1: { fence: fence('unconfirmed') }, hv2: { fence: fence('unconfirmed') } }), ['hv2', 'primary_dead hv1: hv2', 'fence_unconfirmed hv1: hv2', 'fence_unconfirmed hv2: hv2'])
  t.strictSame(advices({ hv1: { fence: fence('unconfirmed') } }), ['hv1', 'primary_dead hv1: hv1', 'fence_unconfirmed hv1: hv1'])
  t.strictSame(advices({}, member('hv4', { daemonState: 'dead', presence: null })), ['hv2,hv4', 'primary_dead hv1: hv2,hv4'])
})

t.test('how long that holds', async (t) => {
  for (const [vacant, holds] of [[1_000, 14_000], [15_000, 14_900], [50_000, 10_000]] as const) t.equal(conditionsOf(facts({ key: { value: 'hv2', since: 'then' }, members: releasing, open: open('request'), vacant })).holds, holds)
  t.equal(conditionsOf(facts({ lock: { holder, age: 2_900 }, open: open('request', 10_000) })).holds, 100)
  t.equal(conditionsOf(facts({ members: [], key: null })).holds, Infinity)
})

t.test('as PVC\'s clients see them', async (t) => {
  const [low] = conditionsOf(facts({ nodes: { hv3: { health: 0 } } })).conditions
  const lost = condition('resource_lost', 'hv1 is primary and does not hold ip', { node: 'hv1', resource: 'ip', since: '2026-02-03T04:05:06.789Z' })
  t.equal(lost.fault, faultId({ kind: 'resource_lost', node: 'hv1', subject: 'ip' }), 'the fault that pvcnoded raises for it')
  const kept = fault(lost.fault ?? '', { status: 'ack', message: 'raised' })
  t.match(shownFaults([kept], [lost, low ?? lost, condition('maintenance', 'x.')]), [kept, { id: low?.fault, health_delta: 10, status: 'new', first_reported: '', message: 'The health of hv3 is 0 %.' }])
  t.match(conditionFault(lost, 'X'), { first_reported: '2026-02-03 04:05:06' })
  t.match(conditionFaultTexts(lost, '2026-02-04T00:00:00Z'), { first_time: '2026-02-03 04:05:06', last_time: '2026-02-04 00:00:00', delta: '25', status: 'new' })
  t.match(conditionFaultTexts(condition('lock_held', 'x.'), '2026-02-04T00:00:00Z'), { first_time: '2026-02-04 00:00:00' })
  const [dead, bare, named] = [condition('node_dead', 'x.'), condition('maintenance', 'x.'), condition('maintenance', 'x.', { node: 'hv1', resource: 'ip' })]
  for (const mixed of [[named, lost, bare, dead], [bare, dead, named, lost]]) t.strictSame(sorted(mixed), [dead, lost, bare, named], 'the worst first, of one kind by node')
  t.strictSame([identityOf(named), identityOf(bare)].map((identity) => identity === identityOf(dead)), [false, false])
  t.equal(condition('fault', 'x'.repeat(600), { since: '' }).message.length, 500)
})

t.test('whose word it is that a node is down', async (t) => {
  const said = (given: Partial<FenceRecord>) => conditionsOf(facts({ members: instead(member('hv3', { daemonState: 'fenced', presence: null })), nodes: { hv3: { fence: fence('confirmed', given) } } })).conditions.find(({ code }) => code === 'node_fenced')?.message
  t.equal(said({ confirmed_by: null }), 'hv3 was fenced.')
  t.equal(said({ method: 'ipmi', confirmed_by: 'hv2' }), 'hv3 was fenced, confirmed by hv2.')
  t.equal(said({ method: 'operator', confirmed_by: null }), 'hv3 was fenced: an operator has confirmed that it is down.')
  t.equal(said({ method: 'operator', confirmed_by: 'ops', attempts: 1 }), 'hv3 was fenced: the operator ops has confirmed that it is down, after 1 attempt to fence it.')
  t.match(said({ method: 'operator', confirmed_by: 'ops', attempts: 2 }), /after 2 attempts/)
})
