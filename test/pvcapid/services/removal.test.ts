/** The removal of a node, on a real ZooKeeper: what goes with it and what stays, what keeps it, and that a node which comes to life meanwhile wins. */
import t, { type Test } from 'tap'
import { raiseFault } from '../../../src/cluster/fault-writer.ts'
import { put } from '../../../src/cluster/put.ts'
import { switchoverPath } from '../../../src/cluster/layout.ts'
import { closeRecord, openRecord } from '../../../src/core/model/record.ts'
import { faultId } from '../../../src/core/pvc/fault.ts'
import { writeVersioned } from '../../../src/pvcapid/services/versioned-write.ts'
import type { Connector } from '../../../src/zookeeper/client/connection.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import { connector, eventually } from '../../support/zookeeper.ts'
import { api, ask, clusterTree, everything } from '../support/api.ts'

const WALL = '2026-02-03T04:05:06.789Z'
const DELETED = '/api/v1/node/quince'

async function stop (session: Session, node: string): Promise<void> {
  await put(session, `/nodes/${node}/keepalive`, '1700000000')
  await session.set(`/nodes/${node}/daemonstate`, 'stop', ANY_VERSION)
}

const record = (epoch: number, from: string, to: string) => openRecord(epoch, WALL, { from, to, cause: 'request', timeout: 60 })
const closed = (epoch: number, from: string, to: string) => closeRecord(record(epoch, from, to), WALL, { outcome: 'succeeded' }, { ...record(epoch, from, to), nodes: { [to]: { coordinator_state: 'primary', step: 1, of: 1, resource: null } } })

/** The client of ZooKeeper, with something that happens around each transaction of deletions. */
const around = (wrap: (send: () => Promise<void>) => Promise<void>): Connector => (options) => {
  const connection = connector(options)
  const { deleteAll } = connection
  return Object.assign(connection, { deleteAll: async (...args: Parameters<typeof deleteAll>) => await wrap(async () => await deleteAll.apply(connection, args)) })
}

t.test('a stopped node goes with everything that is its own', { timeout: 120_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await put(session, '/switchovers', JSON.stringify({ base: 0, czxid: (await session.get('/config/primary_node')).stat.czxid }))
  await put(session, switchoverPath(0), JSON.stringify(closed(0, 'quince', 'plum')))
  for (const [path, text] of [
    ['monitoring_data/load/message', 'fine'], ['monitoring_plugins', 'load'], ['sriov/vf/eth0v0/config/trust', 'True'], ['ipmipassword', 'hush'], ['fence', '{}'], ['monitoring_health', '95'],
    ['resources', JSON.stringify({ resources: [{ name: 'ip', state: 'released', since: WALL, error: null }] })],
  ] as const) await put(session, `/nodes/quince/${path}`, text)
  await put(session, '/logs/quince/messages', 'the last words')
  await put(session, '/logs/fig/messages', 'others')
  for (const node of ['quince', 'fig']) await raiseFault(session, { kind: 'resource_lost', node, subject: 'ip', detail: 'gone' }, WALL)
  await put(session, '/domains/d1', 'web1')
  await put(session, '/domains/d1/node', 'quince')
  await put(session, '/domains/d1/state', 'stop')
  await stop(session, 'quince')
  const lines: string[] = []
  const app = await api(t, { port: server.port, logTo: lines, authentication: true })
  const headers = { 'x-api-key': 'an-operators-key' }
  const get = async (url: string) => (await ask(t, app, 'GET', url, { headers })).text
  const surfaces = async () => await Promise.all(['/api/v1/node', '/api/v1/status', '/health/cluster?warning=200', '/metrics', '/api/v1/metrics', '/api/v1/faults', '/api/v1/switchover/eligibility'].map(get))
  await eventually(async () => (await get('/api/v1/status')).includes('quince is stopped'))
  const epoch = await get('/api/v1/switchover/0')
  const fault = faultId({ kind: 'resource_lost', node: 'quince', subject: 'ip' })
  t.equal((await surfaces()).filter((text) => text.includes('quince')).length, 7, 'every surface knows it')

  t.match(await ask(t, app, 'DELETE', DELETED, { headers: { 'x-api-key': 'a-key-for-readers' } }), { status: 403, body: { code: 'key_too_weak' } })
  t.match(await ask(t, app, 'DELETE', DELETED, { headers: { ...headers, 'if-match': '"x"' } }), { body: { outcome: 'not_started' } }, 'a condition that is not judged')
  t.ok(await session.exists('/nodes/quince'))
  const reply = await ask(t, app, 'DELETE', DELETED, { headers })
  t.match(reply, { status: 200, body: { node: 'quince', removed: ['/nodes/quince', '/logs/quince', `/faults/${fault}`], domains: ['web1'], message: /its log and 1 fault of it\. .* name it still \(web1\)/ } })
  for (const path of ['/nodes/quince', '/logs/quince', `/faults/${fault}`]) t.equal(await session.exists(path), null, path)
  for (const path of ['/nodes/fig', '/logs/fig/messages', `/faults/${faultId({ kind: 'resource_lost', node: 'fig', subject: 'ip' })}`, '/domains/d1']) t.ok(await session.exists(path), path)

  // Everything about it ends; its history does not.
  await eventually(async () => !(await surfaces()).some((text) => text.includes('quince')))
  t.equal(await get('/api/v1/switchover/0'), epoch, 'records stay as they were')
  t.match(await get('/api/v1/switchover'), 'quince')
  t.match(await ask(t, app, 'GET', DELETED, { headers }), { status: 404, body: { code: 'node_unknown' } })
  t.match(await ask(t, app, 'DELETE', DELETED, { headers }), { status: 404, body: { code: 'node_unknown', outcome: 'not_started' } }, 'asked again')
  const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  t.match(logged.find(({ msg, method, status }) => msg === 'a write was asked for' && method === 'DELETE' && status === 200), { path: DELETED, by: 'ops', outcome: 'done' })
  t.match(logged.find(({ msg }) => msg === 'quince was removed from the cluster'), { node: 'quince', by: 'ops', removed: ['/nodes/quince'] })
})

t.test('what keeps a node', { timeout: 120_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await stop(session, 'quince')
  const app = await api(t, { port: server.port })
  const refused = async (node: string, ...codes: readonly string[]) => {
    const before = await everything(session)
    const { status, body } = await ask(t, app, 'DELETE', `/api/v1/node/${node}`)
    t.match({ status, code: body['code'], outcome: body['outcome'] }, { status: 409, code: 'node_not_removable', outcome: 'not_started' }, codes.join())
    t.strictSame((body['reasons'] as Record<string, ReadonlyArray<{ code: string }>>)[node]?.map(({ code }) => code), codes)
    t.strictSame(await everything(session), before, 'nothing was written')
  }
  await refused('plum', 'not_stopped', 'primary')
  await refused('yew', 'not_stopped')
  await put(session, '/domains/d1', 'web1')
  await put(session, '/domains/d1/node', 'quince')
  await put(session, '/domains/d1/state', 'start')
  await put(session, '/ceph/osds/3/node', 'quince')
  await refused('quince', 'domains', 'osds')
  await put(session, '/domains/d1/node', 'fig')
  await put(session, '/ceph/osds/3/node', 'fig')
  await put(session, switchoverPath(1), JSON.stringify(record(1, 'quince', 'plum')))
  await refused('quince', 'switchover')
  await session.delete(switchoverPath(1), ANY_VERSION)
  await session.create('/nodes/quince/presence', '{}', { ephemeral: true })
  await refused('quince', 'present')
  await session.delete('/nodes/quince/presence', ANY_VERSION)
  await put(session, '/nodes/quince/keepalive', '1700000005')
  await refused('quince', 'sign_of_life')
  await put(session, '/nodes/quince/daemonstate', 'dead')
  await refused('quince', 'not_fenced')
  await put(session, '/nodes/quince/daemonstate', 'run')
  await put(session, '/nodes/quince/keepalive', '1700000009')
  await refused('quince', 'not_stopped')
  await put(session, '/nodes/typo', '')
  await put(session, '/nodes/typo/keepalive', '1')
  await refused('typo', 'not_silent')
  await session.delete('/nodes/typo/keepalive', ANY_VERSION)
  await Promise.all(Array.from({ length: 4_001 }, async (_, index) => await session.create(`/nodes/typo/${index}`, '')))
  await refused('typo', 'too_large')
  for (const name of ['nowhere', '..%2f', '%20']) t.match(await ask(t, app, 'DELETE', `/api/v1/node/${name}`), { status: 404, body: { outcome: 'not_started' } }, name)
  await put(session, '/nodes/ghost', '')
  t.match(await ask(t, app, 'DELETE', '/api/v1/node/ghost'), { status: 200, body: { removed: ['/nodes/ghost'] } }, 'what is left of a node is tidied up')
})

t.test('a node that comes to life meanwhile wins', { timeout: 120_000 }, async (t) => {
  const deeds: Readonly<Record<string, (session: Session) => Promise<unknown>>> = {
    'a presence': async (session) => await session.create('/nodes/quince/presence', '{}', { ephemeral: true }),
    'a keepalive': async (session) => await session.set('/nodes/quince/keepalive', '1700000000', ANY_VERSION),
    'a daemon state': async (session) => await session.set('/nodes/quince/daemonstate', 'init', ANY_VERSION),
    'a coordinator state': async (session) => await session.set('/nodes/quince/routerstate', 'takeover', ANY_VERSION),
    'the primary key': async (session) => await session.set('/config/primary_node', 'quince', ANY_VERSION),
  }
  for (const [what, deed] of Object.entries(deeds)) {
    await t.test(what, async (t) => {
      const { server, session } = await clusterTree(t)
      await stop(session, 'quince')
      let after: unknown = null
      const app = await api(t, {
        port: server.port,
        connector: around(async (send) => {
          if (after === null) {
            await deed(session)
            after = await everything(session)
          }
          await send()
        }),
      })
      t.match(await ask(t, app, 'DELETE', DELETED), { status: 409, body: { code: 'node_not_removable', outcome: 'not_started' } })
      t.strictSame(await everything(session), after, 'it is as it has written itself')
    })
  }
})

t.test('something else is written meanwhile', { timeout: 120_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await stop(session, 'quince')
  let sent = 0
  const app = await api(t, {
    port: server.port,
    connector: around(async (send) => {
      sent += 1
      // As a primary of PVC's does at each keepalive; and another API deletes a fault.
      if (sent === 1) await session.set('/config/primary_node', 'plum', ANY_VERSION)
      if (sent === 2) await put(session, '/nodes/quince/load', '1')
      await send()
    }),
  })
  t.match(await ask(t, app, 'DELETE', DELETED), { status: 200 })
  t.equal(sent, 3, 'it is judged again')
  await put(session, '/nodes/fig/daemonstate', 'stop')
  const always = await api(t, { port: server.port, connector: around(async (send) => { await put(session, '/nodes/fig/load', '1'); await send() }) })
  t.match(await ask(t, always, 'DELETE', '/api/v1/node/fig'), { status: 409, headers: { 'retry-after': '1' }, body: { reasons: { fig: [{ code: 'changing' }] } } })
})

t.test('an interrupted removal has removed everything or nothing, and may be asked for again', { timeout: 120_000 }, async (t) => {
  const lost = () => new ZooKeeperError('connection_loss', { op: 'delete', maybeApplied: true })
  const interrupted: Readonly<Record<string, (send: () => Promise<void>) => Promise<void>>> = {
    'before the write': async () => { throw lost() },
    'after the write': async (send) => { await send(); throw lost() },
  }
  for (const [when, interrupt] of Object.entries(interrupted)) {
    await t.test(when, async (t: Test) => {
      const { server, session } = await clusterTree(t)
      await stop(session, 'quince')
      let sent = 0
      const app = await api(t, { port: server.port, connector: around(async (send) => { await (++sent === 1 ? interrupt(send) : send()) }) })
      t.match(await ask(t, app, 'DELETE', DELETED), { status: 200, body: { removed: ['/nodes/quince'] } }, 'the outcome is found out')
      t.equal(await session.exists('/nodes/quince'), null)
    })
  }
  await t.test('without an answer', async (t) => {
    const { server, session } = await clusterTree(t)
    await stop(session, 'quince')
    let answers = false
    const app = await api(t, { port: server.port, connector: around(async (send) => { await send(); if (!answers) await new Promise(() => {}) }) })
    t.match(await ask(t, app, 'DELETE', DELETED), { status: 503, body: { code: 'outcome_unknown', outcome: 'unknown' } })
    answers = true
    t.match(await ask(t, app, 'DELETE', DELETED), { status: 404, body: { code: 'node_unknown' } }, 'asked again, it tells')
  })
})

t.test('two at once, and writes about a node that is gone', { timeout: 120_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await stop(session, 'quince')
  await session.delete('/nodes/quince/domainstate', ANY_VERSION)
  const [one, two] = await Promise.all([api(t, { port: server.port }), api(t, { port: server.port })])
  const replies = await Promise.all([one, two].map(async (app) => await ask(t, app, 'DELETE', DELETED)))
  t.strictSame(replies.map(({ status }) => status).sort(), [200, 404])
  // Its view may have the node still: it is not made again by a write about it.
  t.match(await ask(t, one, 'POST', `${DELETED}/domain-state?state=flush`), { status: 400, body: { code: 'node_unknown', outcome: 'not_started' } })
  t.match(await ask(t, one, 'POST', `${DELETED}/fence-confirmation`, { payload: { confirm: 'quince' } }), { status: 404 })
  t.equal(await writeVersioned(session, '/nodes/quince/fence', '{}', null), 'refused')
  t.strictSame((await session.children('/nodes')).names, ['fig', 'plum', 'yew'])
})
