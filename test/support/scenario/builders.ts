/** Members, keys, records and snapshots for table tests: sound ones, but for what the test names. */
import type { Condition } from '../../../src/core/conditions/condition.ts'
import { conditionsOf } from '../../../src/core/conditions/conditions.ts'
import type { KeyView } from '../../../src/core/model/epoch.ts'
import type { Member, Presence } from '../../../src/core/model/member.ts'
import { openRecord, type SwitchoverRecord } from '../../../src/core/model/record.ts'
import type { KeySnapshot } from '../../../src/core/switchover/key-snapshot.ts'
import type { Transition } from '../../../src/core/model/transition.ts'
import { defaultPreference, type Preference } from '../../../src/core/model/preference.ts'

export const presence: Presence = { owner: '1', api: null, takeoverTime: 20, relinquishTime: 10, failover: null, readiness: null, backoff: null, brokenFences: null, preference: defaultPreference, resources: null, earlierSign: null }

/** One of ours, a coordinator in `run`, present and secondary. */
export const member = (name: string, given: Partial<Member> = {}): Member => ({
  name,
  mode: 'coordinator',
  daemonState: 'run',
  coordinatorState: 'secondary',
  stateVersion: 1,
  stateSince: '2026-01-01T00:00:00.000Z',
  presence,
  transition: null,
  ours: true,
  fencersWord: false,
  firstWord: false,
  alive: true,
  stamp: '1/1',
  ...given,
})

export const primary = (name: string, given: Partial<Member> = {}): Member => member(name, { coordinatorState: 'primary', ...given })

/** A secondary that has published that it could not acquire its address. */
export const unready = (name: string, given: Partial<Member> = {}): Member =>
  member(name, { presence: { ...presence, readiness: { interval: 10, unready: [{ resource: 'ip', message: 'eth9 is down.', since: '2026-01-01T00:00:00.000Z' }] } }, ...given })

/** Its session is gone, and nobody has said that it holds nothing. */
export const gone = (name: string, given: Partial<Member> = {}): Member => primary(name, { presence: null, ...given })

export const transition = (given: Partial<Transition> = {}): Transition =>
  ({ epoch: 1, direction: 'relinquish', step: 0, of: 3, resource: null, released: [], since: '2026-01-01T00:00:01.000Z', error: null, ...given })

export const key = (value: string, version = 1, czxid = 'a'): KeyView => ({ value, version, czxid, mzxid: `${czxid}${version}` })

export const record = (epoch: number, given: Partial<SwitchoverRecord> = {}): SwitchoverRecord =>
  ({ ...openRecord(epoch, '2026-01-01T00:00:00.000Z', { from: 'hv1', to: 'hv2', cause: 'request', timeout: 40 }), ...given })

/** hv1 is primary by epoch 1, hv2 and hv3 are secondary, nothing is in flight. */
export function keySnapshot (given: Partial<Omit<KeySnapshot, 'records' | 'recordEpochs'>> & { readonly records?: readonly SwitchoverRecord[] } = {}): KeySnapshot {
  const { records = [record(1, { from: null, to: 'hv1', outcome: 'succeeded' })], ...rest } = given
  return {
    key: key('hv1'),
    ledger: { czxid: 'a', base: 0 },
    ledgerVersion: 0,
    members: [primary('hv1'), member('hv2'), member('hv3')],
    recordEpochs: records.map(({ epoch }) => epoch),
    records: records.map((each) => ({ record: each, version: 0 })),
    ...rest,
  }
}

/** A secondary that has published what it is configured to hold. */
export const having = (name: string, resources: readonly string[] | null, given: Partial<Member> = {}): Member =>
  member(name, { presence: { ...presence, resources }, ...given })

/** A secondary that has published what it prefers. */
export const preferring = (name: string, preference: Partial<Preference>, given: Partial<Member> = {}): Member =>
  member(name, { presence: { ...presence, preference: { ...defaultPreference, ...preference } }, ...given })

/** The conditions of a cluster of which nothing else is known than its key and its members. */
export const conditionsIn = (key: string | null, members: readonly Member[]): readonly Condition[] => conditionsOf({
  key: key === null ? null : { value: key, since: 'then' },
  members,
  open: [],
  vacant: 0,
  lock: null,
  maintenance: false,
  faults: [],
  newerSchema: null,
  node: () => ({ health: null, staleChecks: 0, resources: [], fence: null, domainState: null, version: null, stateSince: null, keepaliveAt: null, keepaliveAge: null, domains: () => [] }),
}).conditions
