// The holder of a lock, in words.
import t from 'tap'
import { holderInWords } from '../../../src/core/model/lock-holder.ts'

const holder = { child: 'c__lock__0000000003', identifier: 'pvcnoded hv1', session: '1a', since: 'then' }

t.test('in words', async (t) => {
  t.equal(holderInWords(holder), '`pvcnoded hv1` (ZooKeeper session 0x1a, since then)')
  t.equal(holderInWords({ ...holder, identifier: '', session: null }), 'c__lock__0000000003 (a persistent znode, which no session owns, since then)')
})
