// What is said of a write whose reply was lost, when others have written the same znode before there was contact again.
import t from 'tap'
import { sureCreate, sureSet, type WriteOutcome } from '../../src/cluster/certain-write.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import type { Session } from '../../src/zookeeper/session/session.ts'
import { connect, zookeeper } from '../support/zookeeper.ts'

type Deed = (others: Session, path: string) => Promise<unknown>

const nothing: Deed = async () => {}
const set = (data: string, version: number): Deed => async (others, path) => await others.set(path, data, version)
const remove = (version: number): Deed => async (others, path) => await others.delete(path, version)
const all = (...deeds: readonly Deed[]): Deed => async (others, path) => { for (const deed of deeds) await deed(others, path) }

/** The session, but the reply to its first write is lost; `before` and `after` are what others do before it arrives and after. */
function losing (session: Session, before: () => Promise<unknown>, after: () => Promise<unknown>): Session {
  let lost = false
  const write = (method: 'set' | 'create') => async (path: string, data: string, version: number) => {
    if (lost) return await (method === 'set' ? session.set(path, data, version) : session.create(path, data))
    lost = true
    await before()
    await (method === 'set' ? session.set(path, data, version) : session.create(path, data)).catch(() => {})
    await after()
    throw new ZooKeeperError('connection_loss', { op: method, path, maybeApplied: true })
  }
  return new Proxy(session, {
    get: (target, name) => {
      if (name === 'set' || name === 'create') return write(name)
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) as unknown : member
    },
  })
}

/** Of a write of `ours` over version 0. */
const sets: readonly (readonly [what: string, before: Deed, after: Deed, outcome: WriteOutcome])[] = [
  ['nobody else', nothing, nothing, 'done'],
  ['after it', nothing, set('theirs', 1), 'overwritten'],
  ['after it, the same', nothing, set('ours', 1), 'overwritten'],
  ['before it', set('theirs', 0), nothing, 'refused'],
  ['before it, twice', all(set('theirs', 0), set('ours', 1)), nothing, 'overwritten'],
  ['deleted after it', nothing, remove(1), 'overwritten'],
]

/** Of making a znode with `ours`. */
const creates: readonly (readonly [what: string, before: Deed, after: Deed, outcome: WriteOutcome])[] = [
  ['nobody else', nothing, nothing, 'done'],
  ['after it', nothing, set('theirs', 0), 'overwritten'],
  ['before it', async (others, path) => await others.create(path, 'theirs'), nothing, 'refused'],
  ['deleted after it', nothing, remove(0), 'done'],
]

t.test('written over', async (t) => {
  const server = await zookeeper(t)
  const [session, others] = await Promise.all([connect(t, server), connect(t, server)])
  for (const [index, [what, before, after, outcome]] of sets.entries()) {
    const path = `/set-${index}`
    await others.create(path, 'what was read')
    const losingIt = losing(session, async () => await before(others, path), async () => await after(others, path))
    t.equal(await sureSet(losingIt, path, 'ours', 0), outcome, `set: ${what}`)
  }
  for (const [index, [what, before, after, outcome]] of creates.entries()) {
    const path = `/create-${index}`
    const losingIt = losing(session, async () => await before(others, path), async () => await after(others, path))
    t.equal(await sureCreate(losingIt, path, 'ours'), outcome, `create: ${what}`)
  }
})
