// Break before make, towards every peer.
import t from 'tap'
import { holdersOf, unconfirmedHolders } from '../../src/core/handover.ts'
import { gone, member, primary, transition } from '../support/scenario-builders.ts'

t.test('every peer that has not let go, not only the last primary', async (t) => {
  const letting = member('hv3', { coordinatorState: 'relinquish', transition: transition({ released: ['dhcp'] }) })
  const members = [member('hv1', { coordinatorState: 'takeover' }), primary('hv2'), letting, member('hv4')]
  t.strictSame(holdersOf('ip', 'hv1', members), ['hv2', 'hv3'])
  t.strictSame(holdersOf('dhcp', 'hv1', members), ['hv2'])
  t.strictSame(holdersOf('dhcp', 'hv2', members), ['hv1'])
})

t.test('those that only a fence or an operator can speak for', async (t) => {
  t.strictSame(unconfirmedHolders('hv1', [gone('hv1'), gone('hv2'), primary('hv3')]), ['hv2'])
  t.strictSame(unconfirmedHolders(null, [gone('hv1')]), ['hv1'])
})
