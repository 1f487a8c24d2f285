// Who holds a lock, for people.
import t from 'tap'
import { lockHolder } from '../../src/cluster/first-in-line.ts'
import { holderInWords } from '../../src/core/model/lock-holder.ts'
import type { Znode } from '../../src/core/model/znode.ts'

const znode = (data: string, owner: string): Znode => ({ data, owner, version: 0, czxid: '1', mzxid: '1', modified: 'then' })

t.test('the first of the line', async (t) => {
  const children: Record<string, Znode> = { b__lock__0000000002: znode('pvcapid hv2', '2'), a__lock__0000000001: znode('pvcnoded hv1', '1a'), other: znode('x', '3') }
  const holder = lockHolder(Object.keys(children), (name) => children[name])
  t.strictSame(holder, { child: 'a__lock__0000000001', identifier: 'pvcnoded hv1', session: '1a', since: 'then' })
  t.equal(holder === null ? '' : holderInWords(holder), '`pvcnoded hv1` (ZooKeeper session 0x1a, since then)')
  const left = lockHolder(['c__lock__0000000003'], () => znode('', ''))
  t.equal(left === null ? '' : holderInWords(left), 'c__lock__0000000003 (a persistent znode, which no session owns, since then)')
  const hostile = lockHolder(['\u009bc__lock__0000000003'], () => znode('\u001b[2J\nmover\u202e\u2028\ud800 ü', '1'))
  t.match(hostile, { child: '?c__lock__0000000003', identifier: '?[2J?mover??? ü' }, 'what steers a terminal is not passed on')
  t.equal(lockHolder(['c__lock__0000000003'], () => znode('x'.repeat(1_000), '1'))?.identifier.length, 120)
})

t.test('nobody', async (t) => {
  t.equal(lockHolder([], () => undefined), null)
  t.equal(lockHolder(['other'], () => znode('x', '1')), null)
  t.equal(lockHolder(['r__rlock__0000000000'], () => znode('a reader', '1')), null, 'an exclusive lock does not wait for readers')
  t.match(lockHolder(['r__rlock__0000000000', 'a__lock__0000000001'], (child) => znode(child, '1')), { child: 'a__lock__0000000001' })
  t.equal(lockHolder(['a__lock__0000000001'], () => undefined), null, 'it is gone meanwhile')
})
