// Locks shared with kazoo, both ways, and in a crowd. A missing kazoo fails the test.
import t from 'tap'
import { lockContenders, type LockKind } from '../../../src/zookeeper/locks/lock-order.ts'
import { acquireLock, type LockHandle } from '../../../src/zookeeper/locks/locks.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { connect, eventually, kazoo, lockBook, zookeeper } from '../../support/zookeeper.ts'

const KAZOO_KIND: Record<LockKind, string> = { exclusive: 'Lock', read: 'ReadLock', write: 'WriteLock' }

// "take <kind> <path> <timeout>" → "taken" or "timeout"; "release" → "released".
const HOLDER = `
lock = None
for line in sys.stdin:
    words = line.split()
    if words[0] == "take":
        lock = getattr(zk, words[1])(words[2], "python")
        try:
            say("taken" if lock.acquire(timeout=float(words[3])) else "timeout")
        except LockTimeout:
            say("timeout")
    elif words[0] == "release":
        lock.release()
        say("released")
`

// One round after the other: take, check that nobody else is in, leave.
const CROWD = `
from kazoo.exceptions import NodeExistsError
lock = zk.Lock("/crowd", "python")
for line in sys.stdin:
    violations = 0
    for i in range(int(line)):
        with lock:
            try:
                zk.create("/inside", b"python", ephemeral=True)
            except NodeExistsError:
                violations += 1
            else:
                zk.delete("/inside")
    say(str(violations))
`

t.test('kazoo', async (t) => {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  const book = lockBook()
  const take = async (path: string, kind: LockKind, timeout = 20_000): Promise<LockHandle> => await acquireLock(session, path, { book, kind, identifier: 'node', timeout })
  const count = async (path: string): Promise<number> => lockContenders((await session.children(path)).names).length

  const excluding: [ours: LockKind, theirs: LockKind][] = [['exclusive', 'exclusive'], ['write', 'write'], ['write', 'read'], ['read', 'write'], ['exclusive', 'write']]
  for (const [ours, theirs] of excluding) {
    t.test(`our ${ours} lock and kazoo's ${theirs} lock`, async (t) => {
      const path = `/${ours}-${theirs}`
      const python = await kazoo(t, server, HOLDER)

      t.equal(await python.ask(`take ${KAZOO_KIND[theirs]} ${path} 10`), 'taken')
      await t.rejects(take(path, ours, 60), { code: 'lock_timeout' }, 'ours times out behind it')
      t.equal(await count(path), 1, 'and leaves nothing')
      const waiting = take(path, ours)
      await eventually(async () => await count(path) === 2)
      t.equal(await python.ask('release'), 'released')
      const lock = await waiting

      t.equal(await python.ask(`take ${KAZOO_KIND[theirs]} ${path} 0.1`), 'timeout', 'its own times out behind ours')
      t.equal(await count(path), 1, 'and leaves nothing')
      const theirTurn = python.ask(`take ${KAZOO_KIND[theirs]} ${path} 20`)
      await eventually(async () => await count(path) === 2)
      await lock.release()
      t.equal(await theirTurn, 'taken')
      t.equal(await python.ask('release'), 'released')
      t.equal(await count(path), 0)
    })
  }

  t.test('readers of both kinds share', async (t) => {
    const python = await kazoo(t, server, HOLDER)
    t.equal(await python.ask('take ReadLock /readers 10'), 'taken')
    const lock = await take('/readers', 'read')
    t.equal(await count('/readers'), 2)
    await lock.release()
    const again = await take('/readers', 'read')
    t.equal(await python.ask('release'), 'released')
    t.equal(await python.ask('take ReadLock /readers 10'), 'taken')
    t.equal(await python.ask('release'), 'released')
    await again.release()
  })

  t.test('a killed holder releases when its session expires', async (t) => {
    const python = await kazoo(t, server, HOLDER, 1)
    t.equal(await python.ask('take Lock /killed 10'), 'taken')
    const waiting = take('/killed', 'exclusive')
    await eventually(async () => await count('/killed') === 2)
    await python.kill('SIGKILL')
    await (await waiting).release()
    t.equal(await count('/killed'), 0)
  })

  t.test('a crowd of three of ours and two of kazoo\'s: nobody inside with another, nothing left', async (t) => {
    const rounds = 60
    await session.ensurePath('/crowd')
    const pythons = [await kazoo(t, server, CROWD), await kazoo(t, server, CROWD)]
    let violations = 0
    const work = pythons.map(async (python) => { violations += Number(await python.ask(String(rounds))) })
    for (let i = 0; i < 3; i++) {
      const mine = await connect(t, server)
      const myBook = lockBook()
      work.push((async () => {
        for (let round = 0; round < rounds; round++) {
          const lock = await acquireLock(mine, '/crowd', { book: myBook, kind: 'exclusive', identifier: `node ${i}`, timeout: 60_000 })
          await mine.create('/inside', String(i), { ephemeral: true }).then(async () => await mine.delete('/inside', ANY_VERSION), () => { violations += 1 })
          await lock.release()
        }
      })())
    }
    await Promise.all(work)
    t.equal(violations, 0)
    t.equal(await count('/crowd'), 0)
  })
})
