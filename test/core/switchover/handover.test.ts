// Break before make, towards every peer.
import t from 'tap'
import { holdersOf, isHandedOver, unconfirmedHolders } from '../../../src/core/switchover/handover.ts'
import { gone, member, primary, transition } from '../../support/scenario/builders.ts'

t.test('every peer that has not released, not only the last primary', async (t) => {
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

t.test('handed over in this very epoch, by a peer that is there', async (t) => {
  const released = transition({ epoch: 7, released: ['ip'] })
  const handed = (given: Parameters<typeof member>[1], epoch: number | null = 7) => isHandedOver('ip', epoch, [member('hv1'), member('hv2', given)])
  t.equal(handed({ coordinatorState: 'relinquish', transition: released }), true)
  t.equal(handed({ transition: released }), true, 'and secondary by now')
  t.equal(handed({ transition: released }, 8), false, 'of an earlier switchover')
  t.equal(handed({ transition: transition({ epoch: null, released: ['ip'] }) }, null), false)
  t.equal(handed({ transition: released, presence: null }), false)
  t.equal(handed({ transition: { ...released, direction: 'start' } }), false, 'a start releases what it may never have had')
  t.equal(handed({ transition: transition({ epoch: 7, released: ['dhcp'] }) }), false)
  t.equal(handed({ transition: { ...released, absent: ['dhcp'] } }), true)
  t.equal(handed({ transition: { ...released, absent: ['ip'] } }), false, 'what it did not have itself, another machine may have')
  t.equal(handed({}), false)
})
