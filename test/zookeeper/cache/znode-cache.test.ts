// The watched tree against a real server: loading, changes, reconnection, restarts, new sessions, structure, age.
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/runtime/clock.ts'
import { isNodeExists } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import { only } from '../../../src/zookeeper/cache/session-source.ts'
import { ZnodeCache, type CacheSnapshot, type ZnodeCacheOptions } from '../../../src/zookeeper/cache/znode-cache.ts'
import { holdBack } from '../../support/held-answers.ts'
import { connect, dropConnection, eventually, expireSession, keep, proxy, reaches, zookeeper } from '../../support/zookeeper.ts'

const KEYS = ['daemonstate', 'routerstate', 'keepalive']

const interest: ZnodeCacheOptions['interest'] = (path) => {
  if (path === '/config/primary_node') return { data: true, children: false }
  if (path === '/nodes') return { data: false, children: true }
  const [, , , key] = path.split('/')
  return key === undefined ? { data: true, children: true } : { data: KEYS.includes(key), children: false }
}

function watch (t: Test, options: Omit<ZnodeCacheOptions, 'clock' | 'interest' | 'roots'> & Partial<ZnodeCacheOptions>): ZnodeCache {
  const tree = new ZnodeCache({ clock: systemClock, roots: ['/config/primary_node', '/nodes'], interest, probeInterval: 20, onError: (error) => t.fail(String(error)), ...options })
  t.teardown(() => tree.close())
  return tree
}

async function put (session: Session, path: string, data: string): Promise<void> {
  await session.create(path, data).catch(async (error: unknown) => {
    if (!isNodeExists(error)) throw error
    await session.set(path, data, ANY_VERSION)
  })
}

async function putNode (session: Session, name: string, data = '1'): Promise<void> {
  await session.ensurePath('/nodes')
  await put(session, `/nodes/${name}`, 'coordinator')
  for (const key of [...KEYS, 'ipmipassword']) await put(session, `/nodes/${name}/${key}`, data)
}

/** Everything of interest, as it is in truth. */
async function truth (session: Session): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  await session.sync('/')
  const visit = async (path: string): Promise<void> => {
    const wanted = interest(path)
    if (await session.exists(path) === null) return
    if (wanted.data) found[path] = (await session.get(path)).data
    if (wanted.children) for (const name of (await session.children(path)).names) await visit(`${path}/${name}`)
  }
  await visit('/config/primary_node')
  await visit('/nodes')
  return found
}

function shown (snapshot: CacheSnapshot): Record<string, string> {
  const found: Record<string, string> = {}
  const visit = (path: string): void => {
    const entry = snapshot.get(path)
    if (entry === undefined) return
    if (interest(path).data) found[path] = entry.data
    for (const name of snapshot.children(path)) visit(`${path}/${name}`)
  }
  visit('/config/primary_node')
  visit('/nodes')
  return found
}

async function converges (t: Test, tree: ZnodeCache, session: Session, what: string): Promise<void> {
  const wanted = await truth(session)
  const same = (): boolean => JSON.stringify(shown(tree.snapshot)) === JSON.stringify(wanted)
  await eventually(same)
  t.strictSame(shown(tree.snapshot), wanted, what)
}

t.test('back in contact, no newer age is claimed before all has been read again, whatever else is answered', async (t) => {
  const server = await zookeeper(t)
  const path = await proxy(t, server)
  const writer = await connect(t, server)
  await putNode(writer, 'hv1')
  const session = await connect(t, path)
  const tree = watch(t, { sessions: only(session), probeInterval: 5 })
  await tree.ready
  // From now on the answer to the sync that comes before the readings is kept back; probes are answered.
  let proceed: () => void = () => {}
  const kept = new Promise<void>((resolve) => { proceed = resolve })
  const sync = session.sync.bind(session)
  session.sync = async (path) => { await sync(path); await kept }
  const suspended = reaches(session, 'suspended')
  path.cut()
  await suspended
  const still = tree.snapshot.asOf
  let probes = 0
  const exists = session.exists.bind(session)
  session.exists = async (...args) => { const stat = await exists(...args); probes += 1; return stat }
  await reaches(session, 'connected')
  await writer.set('/nodes/hv1/keepalive', 'new', ANY_VERSION)
  // The watch has told of this one change, and it is read at once; but that is not everything.
  await eventually(() => tree.snapshot.get('/nodes/hv1/keepalive')?.data === 'new')
  const before = probes
  await eventually(() => probes >= before + 3)
  t.equal(tree.snapshot.asOf, still)
  proceed()
  await eventually(() => tree.snapshot.asOf > still)
})

t.test('caught up means that all has been read that was committed before, however late it arrives', async (t) => {
  const server = await zookeeper(t)
  const writer = await connect(t, server)
  await putNode(writer, 'hv1')
  const session = await connect(t, server)
  const tree = watch(t, { sessions: only(session) })
  await tree.ready
  /** Nothing is claimed until the reading that is held back has arrived, though the answer to the sync has long been here. */
  const caughtUp = async ({ asked, release }: ReturnType<typeof holdBack>): Promise<CacheSnapshot> => {
    const committed = systemClock.monotonic()
    let through = false
    const reading = tree.caughtUp(new AbortController().signal).then((snapshot) => { through = true; return snapshot })
    await asked
    for (let turn = 0; turn < 5; turn++) await session.sync('/')
    t.notOk(through, 'one reading is not through')
    t.ok(tree.snapshot.asOf <= committed, 'and no newer age is claimed')
    release()
    return await reading
  }

  const found = holdBack(session, 'children', '/nodes')
  await putNode(writer, 'hv2')
  t.equal((await caughtUp(found)).get('/nodes/hv2/daemonstate')?.data, '1', 'of a child that was only just found in a list')

  const again = holdBack(session, 'get', '/nodes/hv1/daemonstate')
  await writer.set('/nodes/hv1/daemonstate', 'first', ANY_VERSION)
  await again.asked
  await writer.set('/nodes/hv1/daemonstate', 'second', ANY_VERSION)
  t.equal((await caughtUp(again)).get('/nodes/hv1/daemonstate')?.data, 'second', 'of a change that came while an older answer was in progress')
})

t.test('tree', async (t) => {
  const server = await zookeeper(t)
  const writer = await connect(t, server)

  t.test('roots that are missing at first, then everything that comes and goes', async (t) => {
    const { keeper } = keep(t, server)
    const tree = watch(t, { sessions: keeper })
    await tree.ready
    t.equal(tree.snapshot.size, 0)
    t.equal(tree.snapshot.revision, 1)
    const before = tree.snapshot
    const changes: string[] = []
    tree.onChange((_snapshot, changed) => changes.push(...changed))
    await writer.ensurePath('/config/primary_node')
    await writer.set('/config/primary_node', 'none', ANY_VERSION)
    await putNode(writer, 'hv1')
    await putNode(writer, 'hv2')
    await converges(t, tree, writer, 'created')
    t.strictSame(tree.snapshot.children('/nodes'), ['hv1', 'hv2'])
    t.equal(tree.snapshot.get('/nodes/hv1/ipmipassword'), undefined, 'what is of no interest is not read')
    t.equal(before.size, 0, 'a snapshot never changes')
    t.ok(changes.includes('/nodes/hv1/keepalive'))
    await writer.set('/nodes/hv1/routerstate', 'primary', ANY_VERSION)
    await converges(t, tree, writer, 'changed')
    for (const key of [...KEYS, 'ipmipassword']) await writer.delete(`/nodes/hv2/${key}`, ANY_VERSION)
    await writer.delete('/nodes/hv2', ANY_VERSION)
    await converges(t, tree, writer, 'deleted')
    await putNode(writer, 'hv2', 'again')
    await writer.delete('/nodes/hv1/keepalive', ANY_VERSION)
    await writer.create('/nodes/hv1/keepalive', 'reborn')
    await writer.delete('/config/primary_node', ANY_VERSION)
    await converges(t, tree, writer, 'deleted and made again')
    await writer.create('/config/primary_node', 'hv1')
    await converges(t, tree, writer, 'a root that comes back')
  })

  t.test('what is read again and is the same is no change', async (t) => {
    const path = await proxy(t, server)
    const { keeper } = keep(t, path)
    const tree = watch(t, { sessions: keeper })
    await tree.ready
    const session = await keeper.ready()
    const { revision, asOf } = tree.snapshot
    const entry = tree.snapshot.get('/nodes/hv1')
    await dropConnection(path, session)
    await eventually(() => tree.snapshot.asOf > asOf)
    t.equal(tree.snapshot.revision, revision)
    t.equal(tree.snapshot.get('/nodes/hv1'), entry)
    const unchanged = tree.snapshot.get('/nodes/hv2/keepalive')
    await writer.set('/nodes/hv1/keepalive', 'x', ANY_VERSION)
    await eventually(() => tree.snapshot.revision > revision)
    t.equal(tree.snapshot.get('/nodes/hv2/keepalive'), unchanged, 'structure is shared')
  })

  t.test('the age stands still without contact, and moves on with it', async (t) => {
    const path = await proxy(t, server)
    const { keeper } = keep(t, path)
    const tree = watch(t, { sessions: keeper })
    await tree.ready
    const { asOf } = tree.snapshot
    await eventually(() => tree.snapshot.asOf > asOf)
    path.blackHole()
    const session = await keeper.ready()
    await t.rejects(session.exists('/', { deadline: 50 }))
    const still = tree.snapshot.asOf
    await t.rejects(session.exists('/', { deadline: 100 }))
    t.equal(tree.snapshot.asOf, still)
    await writer.set('/nodes/hv1/keepalive', 'unseen', ANY_VERSION)
    path.heal()
    await eventually(() => tree.snapshot.asOf > still)
    t.equal(tree.snapshot.get('/nodes/hv1/keepalive')?.data, 'unseen', 'a new age comes only with what was missed')
  })

  t.test('a new session: everything again, and on', async (t) => {
    const path = await proxy(t, server)
    const { keeper, reports } = keep(t, path, { sessionTimeout: 2_000 })
    const tree = watch(t, { sessions: keeper })
    await tree.ready
    const session = await keeper.ready()
    const meanwhile = (async () => {
      await reaches(session, 'suspended')
      await writer.set('/nodes/hv1/keepalive', 'meanwhile', ANY_VERSION)
      await putNode(writer, 'hv3')
    })()
    await expireSession(server, path, session)
    await meanwhile
    t.not(await keeper.ready(), session)
    await converges(t, tree, writer, 'what happened in between')
    await writer.set('/nodes/hv3/keepalive', 'after', ANY_VERSION)
    await converges(t, tree, writer, 'what happens after')
    t.equal(tree.snapshot.serial, 2)
    t.match(reports.map(({ event }) => event), ['session_opened', 'session_suspended', 'session_lost', 'session_opened'])
  })

  t.test('a server that restarts under changes', async (t) => {
    const { keeper } = keep(t, server)
    const tree = watch(t, { sessions: keeper })
    await tree.ready
    const stop = new AbortController()
    const changing = (async () => {
      for (let i = 0; stop.signal.aborted === false; i++) {
        await writer.whenConnected()
        await writer.set('/nodes/hv1/keepalive', String(i), ANY_VERSION).catch(() => {})
        await writer.set('/nodes/hv2/routerstate', String(i), ANY_VERSION).catch(() => {})
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    for (let i = 0; i < 2; i++) {
      const { revision } = tree.snapshot
      await server.restart()
      await eventually(() => tree.snapshot.revision > revision)
    }
    stop.abort()
    await changing
    await converges(t, tree, writer, 'the truth')
  })

  t.test('a change in a large tree costs little', async (t) => {
    const wide = async (path: string): Promise<void> => {
      await writer.ensurePath(path)
      for (let i = 0; i < 3_000; i += 100) await Promise.all(Array.from({ length: 100 }, async (_, j) => await writer.create(`${path}/n${i + j}`, 'x')))
    }
    await wide('/wide')
    const { keeper } = keep(t, server)
    const ages: number[] = []
    let loaded = false
    const interest: ZnodeCacheOptions['interest'] = (path) => {
      // Asked while the load continues, after the first answers have come.
      if (!loaded) ages.push(tree.snapshot.asOf)
      return path === '/wide' ? { data: false, children: true } : { data: true, children: false }
    }
    const tree = watch(t, { sessions: keeper, roots: ['/wide'], interest, concurrency: 16 })
    await tree.ready
    loaded = true
    t.strictSame(new Set(ages), new Set([-Infinity]), 'no age is claimed before all has been read')
    t.equal(tree.snapshot.size, 3_001)
    const before = tree.snapshot
    const changed = new Promise<readonly string[]>((resolve) => tree.onChange((_snapshot, changed) => resolve(changed)))
    await writer.set('/wide/n1234', 'y', ANY_VERSION)
    t.strictSame(await changed, ['/wide/n1234'])
    t.equal(before.get('/wide/n1234')?.data, 'x')
    t.equal(tree.snapshot.get('/wide/n1234')?.data, 'y')
    t.equal(tree.snapshot.children('/wide'), before.children('/wide'))
  })

  t.test('closed: no more news', async (t) => {
    const { keeper } = keep(t, { connectString: '127.0.0.1:1' })
    const tree = watch(t, { sessions: keeper })
    tree.close()
    tree.close()
    await t.rejects(tree.ready, { code: 'closed' })
  })
})
