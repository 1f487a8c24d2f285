// The line in front of a lock, case by case, and exhaustively for small lines.
import t from 'tap'
import { LOCK_KINDS, lockContenders, lockMarker, lockPlace, parseLockChild, type LockKind } from '../../../src/zookeeper/locks/lock-order.ts'

const x = (n: number, who = 'a'): string => `${who.repeat(32)}__lock__${String(n).padStart(10, '0')}`
const r = (n: number, who = 'a'): string => `${who.repeat(32)}__rlock__${String(n).padStart(10, '0')}`

const cases: [what: string, children: string[], own: string, kind: LockKind, place: object][] = [
  ['alone', [x(7)], x(7), 'exclusive', { place: 'holds' }],
  ['nobody', [], x(1), 'exclusive', { place: 'absent' }],
  ['not among them', [x(1)], x(2), 'exclusive', { place: 'absent' }],
  ['not a contender at all', ['sync_lock'], 'sync_lock', 'exclusive', { place: 'absent' }],
  ['behind one', [x(1, 'b'), x(2)], x(2), 'exclusive', { place: 'waits', predecessor: x(1, 'b') }],
  ['the nearest of several, in any order', [x(3, 'c'), x(9), x(1, 'b'), x(5, 'd')], x(9), 'exclusive', { place: 'waits', predecessor: x(5, 'd') }],
  ['those behind do not count', [x(2), x(3, 'b')], x(2), 'exclusive', { place: 'holds' }],
  ['the uuid does not count', [x(2, 'a'), x(1, 'f')], x(1, 'f'), 'exclusive', { place: 'holds' }],
  ['other children are ignored', ['sync_lock', 'x__lock__12', `${x(0, 'b')}0`, `${x(0)}.bak`, x(4)], x(4), 'exclusive', { place: 'holds' }],
  ['an exclusive lock passes readers, as kazoo\'s does', [r(1, 'b'), x(2)], x(2), 'exclusive', { place: 'holds' }],
  ['a reader passes readers', [r(1, 'b'), r(2)], r(2), 'read', { place: 'holds' }],
  ['a reader waits for the nearest writer in front', [x(1, 'b'), r(2, 'c'), x(3, 'd'), r(4), x(5, 'e')], r(4), 'read', { place: 'waits', predecessor: x(3, 'd') }],
  ['a reader never waits for a writer behind it', [r(4), x(5, 'e')], r(4), 'read', { place: 'holds' }],
  ['a writer waits for readers', [x(1, 'b'), r(2, 'c'), x(3)], x(3), 'write', { place: 'waits', predecessor: r(2, 'c') }],
  ['a foreign prefix contends too', ['lock-__lock__0000000001', x(2)], x(2), 'exclusive', { place: 'waits', predecessor: 'lock-__lock__0000000001' }],
  ['an overflowed counter sorts as kazoo sorts it', [x(1), 'b__lock__-2147483648'], x(1), 'exclusive', { place: 'waits', predecessor: 'b__lock__-2147483648' }],
  ['equal numbers: the whole name decides', [x(1, 'a'), x(1, 'b')], x(1, 'b'), 'exclusive', { place: 'waits', predecessor: x(1, 'a') }],
  ['equal numbers: and one holds', [x(1, 'b'), x(1, 'a')], x(1, 'a'), 'exclusive', { place: 'holds' }],
]

t.test('where a child stands', async (t) => {
  for (const [what, children, own, kind, place] of cases) t.strictSame(lockPlace(children, own, kind), place, what)
})

t.test('names', async (t) => {
  t.equal(lockMarker('exclusive'), '__lock__')
  t.equal(lockMarker('write'), '__lock__')
  t.equal(lockMarker('read'), '__rlock__')
  t.strictSame(parseLockChild(r(12)), { name: r(12), marker: '__rlock__', sequence: '0000000012' })
  t.equal(parseLockChild('a__lock__123'), null)
  t.strictSame(lockContenders([x(3), 'other', r(1), x(2), x(2, '0')]).map(({ name }) => name), [r(1), x(2, '0'), x(2), x(3)])
})

t.test('all lines of four: somebody holds, and nobody together with whom it excludes', async (t) => {
  const kinds = LOCK_KINDS
  for (let line = 0; line < 3 ** 4; line++) {
    const members = [0, 1, 2, 3].map((i) => {
      const kind = kinds[Math.floor(line / 3 ** i) % 3] as LockKind
      return { kind, name: kind === 'read' ? r(i) : x(i) }
    })
    const names = members.map(({ name }) => name).reverse()
    const holders = members.filter(({ kind, name }) => lockPlace(names, name, kind).place === 'holds')
    const writers = holders.filter(({ kind }) => kind !== 'read')
    const sound = holders.length > 0 && writers.length <= 1 && (!holders.some(({ kind }) => kind === 'write') || holders.length === 1)
    // An exclusive lock and readers in front of it hold together: kazoo's rule, which is why writers have a kind of their own.
    if (!sound) t.fail(`${members.map(({ kind }) => kind).join(' ')} → ${holders.map(({ kind }) => kind).join(' ')}`)
    for (const { kind, name } of members) {
      const place = lockPlace(names, name, kind)
      if (place.place === 'waits' && place.predecessor.slice(-10) >= name.slice(-10)) t.fail('waits for one behind')
    }
  }
  t.pass('no violation')
})
