// The arithmetic of the lease.
import t from 'tap'
import { leaseTerms } from '../../src/core/lease.ts'

t.test('renewed each tenth, over after two thirds, and what is left is for the releases', async (t) => {
  t.strictSame(leaseTerms(9_000), { renewal: 900, expiry: 6_000, releases: 2_100 })
  for (const negotiated of [4_000, 10_000, 40_000]) {
    const { renewal, expiry, releases } = leaseTerms(negotiated)
    t.ok(expiry + renewal + releases <= negotiated + 1e-9, 'all of it fits in the session')
    t.ok(expiry > 2 * renewal, 'more than one renewal may be missed')
  }
})
