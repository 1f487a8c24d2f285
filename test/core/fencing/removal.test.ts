// Which nodes may be removed, and every reason why one may not.
import t from 'tap'
import { removalRefused, type RemovalReading } from '../../../src/core/fencing/removal.ts'
import { memberOf, type MemberZnode } from '../../../src/core/model/member.ts'
import { closeRecord, openRecord } from '../../../src/core/model/record.ts'
import type { Znode } from '../../../src/core/model/znode.ts'

const WALL = '2026-01-01T00:00:00.000Z'
const znode = (data: string, mzxid = '0010', czxid = '0001', owner = ''): Znode => ({ data, version: 3, czxid, mzxid, modified: WALL, owner })

type Znodes = { readonly [Child in MemberZnode | 'keepalive']?: Znode | undefined }
const stopped: Znodes = { daemonmode: znode('coordinator'), daemonstate: znode('stop', '0020'), routerstate: znode('secondary', '0015'), transition: znode('{}'), keepalive: znode('1700000000', '0019') }
const fenced: Znodes = { ...stopped, daemonstate: znode('fenced', '0020'), routerstate: znode('primary', '0005') }

const reading = (znodes: Znodes, more: Partial<RemovalReading> = {}): RemovalReading => ({
  member: memberOf('hv3', (child) => znodes[child], false),
  daemonState: znodes.daemonstate,
  keepalive: znodes.keepalive,
  silence: null,
  primaryNode: 'hv1',
  records: [],
  domains: [],
  osds: [],
  hasEphemeral: false,
  isTooLarge: false,
  ...more,
})
const codes = (znodes: Znodes, more: Partial<RemovalReading> = {}) => removalRefused(reading(znodes, more)).map(({ code }) => code)

t.test('who may be removed', async (t) => {
  t.strictSame(codes(stopped), [])
  t.strictSame(codes({ ...stopped, daemonmode: znode('hypervisor'), routerstate: znode('client') }), [])
  t.strictSame(codes({ ...stopped, transition: undefined }), [], 'one of PVC\'s')
  t.strictSame(codes(fenced), [], 'a fence stands for what it may have held')
  t.strictSame(codes(stopped, { primaryNode: null }), [])
  t.strictSame(codes({}), [], 'a name that was made by hand')
})

t.test('who may be there, or may hold something', async (t) => {
  for (const state of ['init', 'run', 'shutdown']) t.strictSame(codes({ ...stopped, daemonstate: znode(state, '0020') }), ['not_stopped'], state)
  t.strictSame(codes({ ...stopped, daemonstate: znode('dead', '0020') }), ['not_fenced'])
  for (const state of ['primary', 'takeover', 'relinquish', 'garbled']) t.strictSame(codes({ ...stopped, routerstate: znode(state, '0015') }), ['may_hold'], state)
  t.strictSame(codes({ ...stopped, routerstate: undefined }), ['may_hold'])
  t.strictSame(codes({ ...stopped, routerstate: znode('secondary', '0001') }), ['may_hold'], 'the word of its registration is no release')
  t.strictSame(codes({ ...stopped, transition: undefined, disbelieved: znode('{"state_mzxid":"0015"}') }), ['may_hold'], 'a fencer\'s word is not believed')
  for (const znodes of [stopped, fenced]) {
    t.strictSame(codes({ ...znodes, presence: znode('{}', '0021', '0021', '1f') }), ['present'])
    t.strictSame(codes(znodes, { hasEphemeral: true }), ['present'])
    t.strictSame(codes({ ...znodes, keepalive: znode('1700000005', '0021') }), ['sign_of_life'])
  }
  t.strictSame(codes({ ...stopped, daemonstate: znode('garbled') }), ['unreadable'])
  t.strictSame(codes({ ...stopped, daemonstate: undefined }), ['unreadable'])
  const keepalive = znode('1700000000')
  t.strictSame([codes({ keepalive }), codes({ keepalive }, { silence: 59_999 }), codes({ keepalive }, { silence: 60_000 })], [['not_silent'], ['not_silent'], []])
})

t.test('what depends on it', async (t) => {
  const record = openRecord(7, WALL, { from: 'hv3', to: null, cause: 'shutdown', timeout: 60 })
  t.strictSame(codes(stopped, { primaryNode: 'hv3' }), ['primary'])
  t.strictSame(codes(stopped, { records: [record] }), ['switchover'])
  t.strictSame(codes(stopped, { records: [{ ...record, from: 'hv1', to: 'hv3' }] }), ['switchover'])
  t.strictSame(codes(stopped, { records: [{ ...record, from: 'hv1', to: 'hv2' }] }), [], 'of others')
  t.strictSame(codes(stopped, { records: [closeRecord(record, WALL, { outcome: 'succeeded' }, record)] }), [], 'that is over')
  t.strictSame(codes(stopped, { isTooLarge: true }), ['too_large'])
  t.match(removalRefused(reading({ ...stopped, daemonstate: znode('run', '0020') }, { primaryNode: 'hv3', records: [record], domains: ['web1'], osds: ['3'] })), [
    { code: 'not_stopped', message: /^hv3: .* is run\.$/ }, { code: 'primary' }, { code: 'switchover', message: /Switchover 7\.$/ }, { code: 'domains', message: /They are web1\.$/ }, { code: 'osds', message: /They are 3\.$/ },
  ], 'every reason, with what to do')
})
