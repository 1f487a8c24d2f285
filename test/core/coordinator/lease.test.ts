// The arithmetic of the lease.
import t from 'tap'
import { contactTerms, leaseTerms } from '../../../src/core/coordinator/lease.ts'

t.test('renewed each tenth, over after two thirds, and what is left is for the releases', async (t) => {
  t.strictSame(leaseTerms(9_000), { renewal: 900, expiry: 6_000, releases: 2_100 })
  for (const negotiated of [4_000, 10_000, 40_000]) {
    const { renewal, expiry, releases } = leaseTerms(negotiated)
    t.ok(expiry + renewal + releases <= negotiated + 1e-9, 'all of it fits in the session')
    t.ok(expiry > 2 * renewal, 'more than one renewal may be missed')
  }
})

t.test('two silent servers, one after the other, cost less than the lease', async (t) => {
  for (const timeout of [4_000, 9_000, 40_000]) {
    const { ping, silence } = contactTerms(timeout)
    const { renewal, expiry } = leaseTerms(timeout)
    t.ok(ping < silence, 'a server that answers pings is not silent')
    t.ok(2 * silence + renewal < expiry)
  }
})
