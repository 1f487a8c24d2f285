/** PVC's keepalive writes the primary key without the lock, and here always just before a request's own write arrives. */
import t, { type Test } from 'tap'
import type { Connector } from '../../../../src/zookeeper/client/connection.ts'
import { ANY_VERSION, type Session } from '../../../../src/zookeeper/session/session.ts'
import { connector } from '../../../support/zookeeper.ts'
import { api, ask, clusterTree, wish } from '../../support/api.ts'

const KEY = '/config/primary_node'

/** @param overtake is called before each write of the key of this client's */
const overtaken = (overtake: () => Promise<void>): Connector => (options) => {
  const connection = connector(options)
  return new Proxy(connection, {
    get: (target, name) => {
      if (name === 'set') {
        return async (path: string, data: string, version: number) => {
          if (path === KEY) await overtake()
          return await target.set(path, data, version)
        }
      }
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) as unknown : member
    },
  })
}

/** An API whose writes of the key come after those of `names`, one after the other. */
async function besidePvc (t: Test, names: readonly string[]) {
  const { server, session } = await clusterTree(t)
  const left = [...names]
  const app = await api(t, {
    port: server.port,
    connector: overtaken(async () => {
      const name = left.shift()
      if (name !== undefined) await session.set(KEY, name, ANY_VERSION)
    })
  })
  return { app, session }
}

/** Of each epoch that has a record: how it ended. */
async function recorded (session: Session): Promise<Record<number, string | null>> {
  const { names } = await session.children('/switchovers')
  const outcomes = names.map(async (name) => [Number(name), (JSON.parse((await session.get(`/switchovers/${name}`)).data) as { outcome: string | null }).outcome] as const)
  return Object.fromEntries(await Promise.all(outcomes))
}

t.test('the same name: the request is carried out at the next epoch', async (t) => {
  for (const [what, ask_] of [
    ['switchover', async (app: Parameters<typeof wish>[1]) => await wish(t, app, { to: 'fig' })],
    ['coordinator-state', async (app: Parameters<typeof wish>[1]) => await ask(t, app, 'POST', '/api/v1/node/fig/coordinator-state?state=primary')],
  ] as const) {
    const { app, session } = await besidePvc(t, ['plum', 'plum'])
    const reply = await ask_(app)
    t.ok(reply.status < 300, `${what}: ${reply.status}`)
    t.strictSame([(await session.get(KEY)).data, reply.headers['location'], await recorded(session)], ['fig', '/api/v1/switchover/3', { 1: 'superseded', 2: 'superseded', 3: null }])
    t.match((await ask(t, app, 'GET', '/api/v1/switchover/3')).body, { from: 'plum', to: 'fig', cause: 'request', outcome: null })
  }
})

t.test('a precondition of the client\'s is refused with the epoch that is there', async (t) => {
  const { app, session } = await besidePvc(t, ['plum'])
  t.match(await wish(t, app, { to: 'fig' }, '', { 'if-match': '"0"' }), { status: 412, body: { code: 'precondition_failed', outcome: 'not_started', primary: 'plum', epoch: 1 } })
  t.strictSame([(await session.get(KEY)).data, await recorded(session)], ['plum', { 1: 'superseded' }])
})

t.test('again and again, or another name: refused with what it is, and nothing written', async (t) => {
  for (const names of [Array.from({ length: 9 }, () => 'plum'), ['quince']]) {
    const { app, session } = await besidePvc(t, names)
    const reply = await wish(t, app, { to: 'fig' })
    const [name, epoch] = names.length === 1 ? ['quince', 1] as const : ['plum', 5] as const
    t.match(reply, { status: 409, headers: { 'retry-after': '1' }, body: { code: 'key_contended', outcome: 'not_started', primary: name, epoch } })
    t.strictSame([(await session.get(KEY)).data, await recorded(session)], [name, Object.fromEntries(Array.from({ length: epoch }, (_, index) => [index + 1, 'superseded']))])
  }
})
