import t, { type Test } from 'tap'
import { leaseTerms } from '../../../src/core/coordinator/lease.ts'
import { Lease } from '../../../src/pvcnoded/keepalive/lease.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** A lease of a session of 9 s (renewed each 0.9 s, out after 6 s), whose renewals are answered by hand. */
function leaseOf (t: Test) {
  const clock = new ManualClock()
  const renewals: Array<(committed: boolean) => void> = []
  const expired: number[] = []
  const lease = new Lease({
    clock,
    negotiated: 9_000,
    renew: async () => await new Promise((resolve) => renewals.push(resolve)),
    onExpired: () => expired.push(clock.monotonic()),
  })
  t.teardown(() => lease[Symbol.dispose]())
  /** Answers the renewal in progress and lets its consequences happen. */
  const answer = async (committed: boolean) => {
    renewals.shift()?.(committed)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { clock, lease, renewals, expired, answer }
}

t.test('terms of a session', async (t) => {
  t.same(leaseTerms(9_000), { renewal: 900, expiry: 6_000, releases: 2_100 })
})

t.test('counted from when the acknowledged write was sent, not from its reply', async (t) => {
  const { clock, lease, expired, answer } = leaseOf(t)
  lease.need(true)
  t.notOk(lease.sound, 'nothing is acknowledged yet')
  clock.advance(5_000)
  await answer(true)
  t.ok(lease.sound)
  clock.advance(999)
  t.ok(lease.sound)
  clock.advance(1)
  t.notOk(lease.sound)
  t.same(expired, [6_000], 'the reply came at 5 s; the lease ran from 0')
})

t.test('renewed again and again while it is needed', async (t) => {
  const { clock, lease, renewals, expired, answer } = leaseOf(t)
  lease.need(true)
  await answer(true)
  for (let i = 0; i < 20; i++) {
    clock.advance(900)
    t.equal(renewals.length, 1)
    await answer(true)
  }
  t.same(expired, [])
  lease.need(false)
  clock.advance(60_000)
  t.same(expired, [], 'it does not run out while nothing is held')
  t.equal(renewals.length, 1, 'the one that was due; no other follows')
})

t.test('a renewal that was not committed does not count', async (t) => {
  const { clock, lease, expired, answer } = leaseOf(t)
  lease.need(true)
  await answer(true)
  for (let i = 0; i < 10; i++) {
    clock.advance(900)
    await answer(false)
  }
  t.same(expired, [6_000])
  t.notOk(lease.sound)
})

t.test('an effect waits for the first renewal', async (t) => {
  const { clock, lease, answer } = leaseOf(t)
  lease.need(true)
  let confirmed: boolean | null = null
  void lease.confirmed(new AbortController().signal).then((value) => { confirmed = value })
  clock.advance(1_000)
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(confirmed, null)
  await answer(true)
  t.equal(confirmed, true)
})

t.test('and gives up with its caller, or with the lease', async (t) => {
  const { clock, lease } = leaseOf(t)
  lease.need(true)
  const caller = new AbortController()
  const givenUp = lease.confirmed(caller.signal)
  caller.abort()
  t.equal(await givenUp, false)
  const late = lease.confirmed(new AbortController().signal)
  clock.advance(6_000)
  t.equal(await late, false)
})
