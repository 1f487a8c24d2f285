// What the holder of the lock reads, and what follows from it at once.
import t from 'tap'
import { epochNow, ledgerOf, switchoverInFlight } from '../../../src/core/switchover/key-snapshot.ts'
import { key, member, record, keySnapshot, transition } from '../../support/scenario/builders.ts'

t.test('the ledger that holds', async (t) => {
  t.strictSame(ledgerOf(keySnapshot()), { ledger: { czxid: 'a', base: 0 }, stale: false })
  t.equal(epochNow(keySnapshot({ ledger: { czxid: 'a', base: 4 } })), 5)
  const again = { key: key('none', 0, 'b') }
  t.strictSame(ledgerOf(keySnapshot({ ledger: null, records: [] })), { ledger: { czxid: 'a', base: 0 }, stale: true }, 'nothing is known')
  t.strictSame(ledgerOf(keySnapshot({ ...again, records: [record(3), record(7)] })), { ledger: { czxid: 'b', base: 8 }, stale: true }, 'past the newest record')
  t.strictSame(ledgerOf(keySnapshot({ ...again, members: [member('hv1', { transition: transition({ epoch: 9 }) }), member('hv2', { transition: transition({ epoch: null }) })] })),
    { ledger: { czxid: 'b', base: 10 }, stale: true }, 'past the newest transition')
  t.strictSame(ledgerOf(keySnapshot({ ...again, records: [record(3, { outcome: 'superseded', continued_by: 6 })] })), { ledger: { czxid: 'b', base: 7 }, stale: true }, 'past one that a record tells of')
  t.strictSame(ledgerOf(keySnapshot({ ...again, ledger: { czxid: 'a', base: 20 } })), { ledger: { czxid: 'b', base: 21 }, stale: true }, 'past the former base')
  const impossible = 9_000_000_000_000
  t.strictSame(ledgerOf(keySnapshot({ ...again, members: [member('hv1', { transition: transition({ epoch: impossible }) })], records: [record(3), record(7, { outcome: 'superseded', continued_by: impossible }), record(9_999_999_999)] })), { ledger: { czxid: 'b', base: 8 }, stale: true }, 'a number that no epoch has is passed over')
})

t.test('the switchover in flight', async (t) => {
  const inFlight = (...records: ReturnType<typeof record>[]) => switchoverInFlight(keySnapshot({ key: key('hv2', 5), records }))?.epoch ?? null
  t.equal(inFlight(), null)
  t.equal(inFlight(record(5)), 5)
  t.equal(inFlight(record(4), record(5, { outcome: 'succeeded' })), 4, 'an older one that nobody has closed')
  t.equal(inFlight(record(4), record(5)), 5, 'the newest')
  t.equal(inFlight(record(5, { to: 'hv3' })), null, 'one whose version another write took')
  t.equal(inFlight(record(6)), null, 'one that has not been reached')
})
