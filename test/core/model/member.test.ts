// What is read of a node, and the words said of it. Every condition fails safe.
import t from 'tap'
import { disbelief, hasReleased, holdsNothing, isFit, isPresent, isReady, isUnconfirmedHolder, memberOf, memberZnodes, type Member, type MemberZnode } from '../../../src/core/model/member.ts'
import type { Znode } from '../../../src/core/model/znode.ts'
import { gone, member, primary, transition, unready } from '../../support/scenario/builders.ts'

const znode = (data: string, given: Partial<Znode> = {}): Znode => ({ data, version: 3, czxid: '1', mzxid: '2', modified: 'then', owner: '', ...given })
const read = (znodes: Partial<Record<MemberZnode, Znode>>) => memberOf('hv1', (child) => znodes[child], true)

t.test('a node as read', async (t) => {
  t.strictSame(memberZnodes, ['daemonmode', 'daemonstate', 'routerstate', 'presence', 'transition', 'disbelieved'])
  const found = read({
    daemonmode: znode('coordinator'),
    daemonstate: znode('run', { mzxid: '8' }),
    routerstate: znode('primary', { mzxid: '9' }),
    presence: znode('{"api":"hv1:7370","takeover_time":12,"relinquish_time":0,"failover":"fenced"}', { owner: '5' }),
    transition: znode('{"direction":"takeover"}'),
  })
  t.match(found, {
    name: 'hv1',
    mode: 'coordinator',
    daemonState: 'run',
    coordinatorState: 'primary',
    stateVersion: 3,
    stateSince: 'then',
    ours: true,
    stamp: '9/8',
    presence: { owner: '5', api: 'hv1:7370', takeoverTime: 12, relinquishTime: 0, failover: 'fenced' },
    transition: { direction: 'takeover' },
  })
})

t.test('what is missing or malformed is null, and satisfies nothing', async (t) => {
  t.strictSame(read({}), {
    name: 'hv1', mode: null, daemonState: null, coordinatorState: null, stateVersion: null, stateSince: null, presence: null, transition: null, ours: false, fencersWord: false, firstWord: false, alive: true, stamp: '-/-',
  })
  const malformed = read({ daemonmode: znode('x'), daemonstate: znode('Run'), routerstate: znode('toString'), presence: znode('oops', { owner: '5' }), transition: znode('oops') })
  t.match(read({ presence: znode('{"api":"hv1:7370"}'), daemonstate: znode('run') }), { ours: false, presence: null }, 'a persistent znode is nobody\'s presence')
  t.match(malformed, { mode: null, daemonState: null, coordinatorState: null, transition: null, ours: true, presence: { api: null, takeoverTime: null, relinquishTime: null } })
  t.equal(isFit(malformed), false)
  t.equal(holdsNothing(malformed), false)
  t.match(read({ presence: znode('{"takeover_time":-1,"relinquish_time":"9"}', { owner: '5' }) }).presence, { takeoverTime: null, relinquishTime: null })
})

t.test('the state that a registering transaction wrote is no release', async (t) => {
  const starting = (state: string, at: string, more: Partial<Record<MemberZnode, Znode>> = {}) => read({
    daemonmode: znode('coordinator'),
    daemonstate: znode('init', { czxid: '5', mzxid: '7' }),
    routerstate: znode(state, { czxid: '5', mzxid: at }),
    presence: znode('{}', { owner: '5' }),
    transition: znode('{"direction":"start","released":["vip"]}', { czxid: '5', mzxid: '8' }),
    ...more,
  })
  t.equal(starting('secondary', '5').firstWord, true)
  t.equal(holdsNothing(starting('secondary', '5')), false)
  t.equal(hasReleased(starting('secondary', '5'), 'vip'), true, 'but for what its start has released')
  t.equal(hasReleased(starting('secondary', '5'), 'unit'), false)
  t.equal(isUnconfirmedHolder({ ...starting('secondary', '5'), presence: null }), true, 'it ended before it had released everything')
  t.equal(holdsNothing(starting('secondary', '9')), true, 'its start has written it')
  t.equal(holdsNothing(starting('secondary', '5', { daemonstate: znode('fenced') })), true)
  t.equal(holdsNothing(starting('client', '5', { daemonmode: znode('hypervisor') })), true, 'a hypervisor has no part in the role')
  t.equal(starting('secondary', '4', { transition: undefined as never }).firstWord, false, 'PVC has no transitions')
})

t.test('what PVC\'s fencers write over a dead node is not its own word', async (t) => {
  const dead = (router: string, at: string, more: Partial<Record<MemberZnode, Znode>> = {}) =>
    read({ daemonmode: znode('coordinator'), daemonstate: znode('dead', { mzxid: '5' }), routerstate: znode(router, { mzxid: at }), ...more })
  t.equal(holdsNothing(dead('secondary', '4')), true, 'it was secondary when it died')
  t.equal(holdsNothing(dead('secondary', '6')), false, 'written afterwards')
  t.equal(isUnconfirmedHolder(dead('secondary', '6')), true)
  t.equal(holdsNothing(dead('secondary', '6', { daemonstate: znode('fenced', { mzxid: '5' }) })), true, 'a fence that worked')
  const back = (disbelieved: string, more: Partial<Record<MemberZnode, Znode>> = {}) => dead('secondary', '6', { daemonstate: znode('run', { mzxid: '7' }), disbelieved: znode(disbelieved), ...more })
  t.equal(holdsNothing(back(disbelief('6', 'hv1', ''))), false, 'it is back, and has written no state since')
  t.match(back(disbelief('6', 'hv1', '')), { fencersWord: true, stamp: '6/7/6' })
  t.equal(holdsNothing(back(disbelief('6', 'hv1', ''), { daemonstate: znode('dead', { mzxid: '9' }) })), false, 'a `dead` that is younger changes nothing')
  t.equal(holdsNothing(back(disbelief('6', 'hv1', ''), { daemonstate: znode('fenced', { mzxid: '9' }) })), true)
  t.equal(holdsNothing(back(disbelief('5', 'hv1', ''))), true, 'it has written a state since')
  t.equal(holdsNothing(back(disbelief('6', 'hv1', ''), { transition: znode('{}') })), true, 'one of ours says for itself what it is as it starts')
  for (const text of ['', '6', '[]', '{"state_mzxid":6}']) t.equal(back(text).fencersWord, false, text)
  t.equal(read({ routerstate: znode('secondary') }).fencersWord, false)
  t.equal(read({ daemonstate: znode('dead') }).fencersWord, false)
  t.equal(holdsNothing(dead('secondary', '6', { transition: znode('{}') })), false, 'one of ours: they write there, too')
  t.equal(holdsNothing(dead('secondary', '4', { transition: znode('{}') })), true, 'its own word, or that of a fencer that wrote `dead` again')
})

t.test('ready, and backing off', async (t) => {
  t.equal(isReady(member('a')), true, 'nothing speaks against a node that does not say')
  t.equal(isReady(gone('a')), true)
  t.equal(isReady(unready('a')), false)
  const readiness = { unready: [{ resource: 'ip', message: 'eth9 is down.', since: 'then' }], interval: 10 }
  const backoff = { until: 'soon', why: 'The acquire of ip failed.' }
  t.match(read({ presence: znode(JSON.stringify({ readiness, stands_back: backoff }), { owner: '5' }) }).presence, { readiness, backoff })
  t.match(read({ presence: znode('{"readiness":[],"stands_back":"no"}', { owner: '5' }) }).presence, { readiness: null, backoff: null })
  t.match(read({ presence: znode('{"earlier_sign_at":"2026-01-01T00:00:00.000Z"}', { owner: '5' }) }).presence, { earlierSign: '2026-01-01T00:00:00.000Z' })
  for (const text of ['{}', '{"earlier_sign_at":"once"}', '{"earlier_sign_at":7}']) t.match(read({ presence: znode(text, { owner: '5' }) }).presence, { earlierSign: null })
  t.match(read({ presence: znode('{"stands_back":{"until":"soon"}}', { owner: '5' }) }).presence, { backoff: { until: 'soon', why: '' } })
})

t.test('fit', async (t) => {
  const cases: [what: string, member: Member, fit: boolean][] = [
    ['a coordinator in run that is present', member('a'), true],
    ['a hypervisor', member('a', { mode: 'hypervisor' }), false],
    ['without a mode', member('a', { mode: null }), false],
    ['in init', member('a', { daemonState: 'init' }), false],
    ['in shutdown', member('a', { daemonState: 'shutdown' }), false],
    ['without presence', gone('a'), false],
    ['a PVC peer, alive', gone('a', { ours: false }), true],
    ['a PVC peer, not alive', gone('a', { ours: false, alive: false }), false],
  ]
  for (const [what, each, fit] of cases) t.equal(isFit(each), fit, what)
  t.equal(isPresent(member('a', { alive: false })), true, 'one of ours is judged by its presence alone')
})

t.test('holds nothing', async (t) => {
  const cases: [what: string, member: Member, nothing: boolean][] = [
    ['secondary', gone('a', { coordinatorState: 'secondary' }), true],
    ['client', gone('a', { coordinatorState: 'client' }), true],
    ['fenced', gone('a', { daemonState: 'fenced' }), true],
    ['dead', gone('a', { daemonState: 'dead' }), false],
    ['stopped as primary', gone('a', { daemonState: 'stop' }), false],
    ['takeover', member('a', { coordinatorState: 'takeover' }), false],
    ['relinquish', member('a', { coordinatorState: 'relinquish' }), false],
    ['an unreadable state', member('a', { coordinatorState: null }), false],
    ['a hypervisor with an unreadable state', member('a', { mode: 'hypervisor', coordinatorState: null }), true],
    ['a hypervisor that says primary', member('a', { mode: 'hypervisor', coordinatorState: 'primary' }), false],
    ['never took part', member('a', { coordinatorState: null, stateVersion: null, daemonState: null }), true],
  ]
  for (const [what, each, nothing] of cases) t.equal(holdsNothing(each), nothing, what)
})

t.test('has released a resource', async (t) => {
  const cases: [what: string, member: Member, gone: boolean][] = [
    ['secondary', member('a'), true],
    ['primary', primary('a'), false],
    ['relinquish, published', member('a', { coordinatorState: 'relinquish', transition: transition({ released: ['ip'] }) }), true],
    ['relinquish, another published', member('a', { coordinatorState: 'relinquish', transition: transition({ released: ['dhcp'] }) }), false],
    ['relinquish, no transition', member('a', { coordinatorState: 'relinquish' }), false],
    ['primary with a left-over relinquish', primary('a', { transition: transition({ released: ['ip'] }) }), false],
    ['takeover never counts', member('a', { coordinatorState: 'takeover', transition: transition({ direction: 'takeover', released: ['ip'] }) }), false],
    ['a start in what was primary', primary('a', { daemonState: 'init', transition: transition({ direction: 'start', released: ['ip'] }) }), true],
    ['a start that is long over', primary('a', { transition: transition({ direction: 'start', released: ['ip'] }) }), false],
    ['a takeover shown as a relinquish', member('a', { coordinatorState: 'relinquish', transition: transition({ direction: 'takeover', released: ['ip'] }) }), false],
    ['a relinquish that nobody is at any more', gone('a', { coordinatorState: 'relinquish', transition: transition({ released: ['ip'] }) }), false],
  ]
  for (const [what, each, gone] of cases) t.equal(hasReleased(each, 'ip'), gone, what)
})

t.test('a holder that cannot be asked', async (t) => {
  t.equal(isUnconfirmedHolder(gone('a')), true)
  t.equal(isUnconfirmedHolder(primary('a', { daemonState: 'dead' })), true)
  t.equal(isUnconfirmedHolder(primary('a')), false)
  t.equal(isUnconfirmedHolder(gone('a', { coordinatorState: 'secondary' })), false)
})
