// An operator's word for a dead node.
import t from 'tap'
import { confirmed, newFence } from '../../../src/core/model/fence-record.ts'
import { judgeConfirmation, type FenceReading } from '../../../src/core/fencing/fence-confirmation.ts'
import type { Znode } from '../../../src/core/model/znode.ts'

const WALL = '2026-01-01T00:00:00.000Z'
const znode = (data: string, mzxid = '0010', version = 3): Znode => ({ data, version, czxid: '0001', mzxid, modified: WALL, owner: '' })
const judged = { ...newFence('hv2', 'presence_gone', { presence: '1', renewal: null, keepalive: '1700000000/0019' }, WALL), state: 'unconfirmed' } as const
const dead: FenceReading = {
  daemonmode: znode('coordinator'),
  daemonstate: znode('dead', '0020', 7),
  routerstate: znode('primary', '0005', 4),
  presence: undefined,
  keepalive: znode('1700000000', '0019'),
  fence: znode(JSON.stringify(judged), '0021', 1),
  transition: znode('{}'),
  silence: 3_600_000,
}
const rule = (given: Partial<FenceReading>) => judgeConfirmation({ ...dead, ...given }, 'ops', WALL)

t.test('a dead node: fenced, secondary, and on record', async (t) => {
  t.strictSame(rule({}), {
    kind: 'confirm',
    writes: [
      { child: 'daemonstate', value: 'fenced', version: 7 },
      { child: 'routerstate', value: 'secondary', version: 4 },
      { child: 'fence', value: JSON.stringify(confirmed({ ...judged, method: 'operator' }, 'ops', 'An operator has confirmed that it is down.', WALL)), version: 1 },
    ],
    guard: { unchanged: [{ child: 'keepalive', version: dead.keepalive?.version }], absent: ['presence'] },
  })
  t.match(rule({ keepalive: undefined }), { guard: { unchanged: [], absent: ['keepalive', 'presence'] } }, 'a sign of life that was not there must not be there')
  t.match(rule({ fence: undefined, keepalive: undefined }), { writes: [{}, {}, { child: 'fence', version: null }] })
  t.match(rule({ fence: znode('garbled') }), { kind: 'confirm' })
  t.match(rule({ routerstate: undefined }), { writes: [{}, { child: 'routerstate', version: null }, {}] }, 'a state that is missing is made')
  t.match(rule({ daemonmode: znode('hypervisor'), routerstate: znode('client') }), { writes: [{ child: 'daemonstate' }, { child: 'fence' }] }, 'a hypervisor stays a client')
})

t.test('what was done by half is completed, what was done is done', async (t) => {
  t.match(rule({ daemonstate: znode('fenced', '0020', 8) }), { kind: 'confirm', writes: [{ child: 'daemonstate', version: 8 }, { child: 'routerstate' }, {}] })
  t.strictSame(rule({ daemonstate: znode('fenced'), routerstate: znode('secondary') }), { kind: 'already' })
})

t.test('a node that has stopped with something that it may hold', async (t) => {
  const stopped = { daemonstate: znode('stop', '0020', 7), fence: undefined }
  t.match(rule({ ...stopped, routerstate: znode('relinquish', '0005', 4) }), { kind: 'confirm', writes: [{ child: 'daemonstate', value: 'fenced', version: 7 }, { child: 'routerstate', value: 'secondary', version: 4 }, {}], guard: { absent: ['presence'] } }, 'it was releasing')
  t.match(rule({ ...stopped, routerstate: znode('secondary', '0001', 0) }), { kind: 'confirm', writes: [{ child: 'daemonstate', value: 'fenced' }, { child: 'fence' }] }, 'its start could not release: `secondary` is the word of its registration')
  for (const [what, given, obstacles] of [
    ['it has said that it holds nothing', { routerstate: znode('secondary', '0005', 4) }, ['not_dead']],
    ['it is there', { presence: { ...znode('{}'), owner: '5' } }, ['present']],
    ['it has written a keepalive since', { keepalive: znode('1700000009', '0022') }, ['keepalive_changed']],
    ['a hypervisor holds nothing', { daemonmode: znode('hypervisor'), routerstate: znode('client') }, ['not_dead']],
  ] as const) t.strictSame(rule({ ...stopped, ...given }), { kind: 'refused', obstacles }, what)
})

t.test('every reason against it', async (t) => {
  const cases: [what: string, given: Partial<FenceReading>, obstacles: string[]][] = [
    ['it runs', { daemonstate: znode('run') }, ['not_dead']],
    ['it runs and is there', { daemonstate: znode('run'), presence: { ...znode('{}'), owner: '5' } }, ['not_dead', 'present']],
    ['nothing is known of it', { daemonstate: undefined }, ['not_dead']],
    ['its presence is a persistent znode, which no session keeps', { daemonstate: znode('run'), presence: znode('{}') }, ['not_dead']],
    ['it has come back', { presence: { ...znode('{}'), owner: '5' } }, ['present']],
    ['it has written a keepalive since', { keepalive: znode('1700000009', '0022') }, ['keepalive_changed']],
    ['both', { presence: { ...znode('{}'), owner: '5' }, keepalive: znode('1700000009', '0022') }, ['present', 'keepalive_changed']],
  ]
  for (const daemonState of ['run', 'init', 'shutdown']) {
    const pvc = { transition: undefined, daemonstate: znode(daemonState, '0020', 7) }
    t.match(rule({ ...pvc, silence: 60_000 }), { kind: 'confirm', writes: [{ child: 'daemonstate', value: 'fenced', version: 7 }, {}, {}] }, 'a PVC node that nobody judges')
    for (const silence of [59_999, 0, null]) cases.push([`${daemonState}, silent for ${silence} ms`, { ...pvc, silence }, ['not_silent']])
    cases.push(['it is one of ours', { ...pvc, transition: znode('{}') }, ['not_dead']])
  }
  cases.push(['a PVC node that was stopped', { transition: undefined, daemonstate: znode('stop'), routerstate: znode('secondary') }, ['not_dead']])
  for (const [what, given, obstacles] of cases) t.strictSame(rule(given), { kind: 'refused', obstacles }, what)
})

t.test('a record of an earlier death is not continued', async (t) => {
  const record = (given: object) => {
    const ruling = rule({ fence: znode(JSON.stringify({ ...judged, attempts: 3, ...given }), '0011', 5) })
    return ruling.kind === 'confirm' ? JSON.parse(ruling.writes.at(-1)?.value ?? '{}') as object : {}
  }
  t.match(record({}), { attempts: 3, why: 'presence_gone', confirmed_by: 'ops' })
  t.match(record({ state: 'confirmed' }), { attempts: 0, why: null, confirmed_by: 'ops' })
  t.match(record({ keepalive: '1600000000/0002' }), { attempts: 0, why: null, confirmed_by: 'ops' })
})
