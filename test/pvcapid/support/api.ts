/**
 * Verbs for tests of the API: a cluster's tree, an API on it, requests whose replies are checked against the committed description, and a
 * settler that plays the nodes' part.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Test } from 'tap'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import type { ZooKeeperServer, ZooKeeperServerOptions } from '../../../tools/testbed/zookeeper-server.ts'
import { buildApp } from '../../../src/pvcapid/app.ts'
import { defaultLimits } from '../../../src/pvcapid/config/schema.ts'
import type { ApiConfig, ApiLimits } from '../../../src/pvcapid/config/api-config.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import type { Connector } from '../../../src/zookeeper/client/connection.ts'
import { isBadVersion, isNodeExists } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import type { Proxy } from '../../../tools/testbed/proxy.ts'
import { patiently } from '../../support/api-client.ts'
import { requestsIn, RequestType } from '../../support/requests.ts'
import { connect, connector, zookeeper } from '../../support/zookeeper.ts'

export const OPERATE = 'an-operators-key'
export const READ = 'a-key-for-readers'
const digest = (key: string) => createHash('sha256').update(key).digest()

/** A cluster of coordinators, the first of them primary, and one hypervisor `yew`. */
export async function makeCluster (session: Session, coordinators: readonly string[] = ['plum', 'fig', 'quince'], primary = coordinators[0] ?? 'none'): Promise<void> {
  const put = async (path: string, value: string) => await session.create(path, value)
  for (const path of ['/config', '/nodes', '/domains', '/faults', '/logs']) await put(path, '')
  await put('/config/primary_node', primary)
  await put('/config/maintenance', 'false')
  for (const name of [...coordinators, 'yew']) {
    const mode = name === 'yew' ? 'hypervisor' : 'coordinator'
    await put(`/nodes/${name}`, mode)
    await put(`/nodes/${name}/daemonmode`, mode)
    await put(`/nodes/${name}/daemonstate`, 'run')
    await put(`/nodes/${name}/routerstate`, mode === 'hypervisor' ? 'client' : name === primary ? 'primary' : 'secondary')
    await put(`/nodes/${name}/domainstate`, 'ready')
  }
}

/** A ZooKeeper of the test's own with that cluster on it, or the one that is made, and a session there. */
export async function clusterTree (t: Test, make: (session: Session) => Promise<void> = makeCluster, options: ZooKeeperServerOptions = {}): Promise<{ readonly server: ZooKeeperServer, readonly session: Session }> {
  const server = await zookeeper(t, options)
  const session = await connect(t, server)
  await make(session)
  return { server, session }
}

export interface ApiOptions {
  readonly port: number
  readonly authentication?: boolean
  readonly tls?: ApiConfig['tls']
  /** Every line of the log is added here, from `debug` on; without it nothing is logged. */
  readonly logTo?: string[]
  readonly limits?: Partial<ApiLimits>
  readonly sessionTimeout?: number
  /** The node that the API runs on. */
  readonly node?: string
  /** The client of ZooKeeper, if it is to be another than the real one. */
  readonly connector?: Connector
  /** Any other setting. */
  readonly config?: Partial<ApiConfig>
}

/** An API without a view yet. */
export async function openApi (t: Test, { port, authentication = false, limits = {}, tls, logTo, sessionTimeout = 4_000, node, connector: client = connector, config: more = {} }: ApiOptions): Promise<FastifyInstance> {
  const config: ApiConfig = {
    node,
    servers: [{ host: '127.0.0.1', port }],
    sessionTimeout,
    listenAddress: '127.0.0.1',
    listenPort: 0,
    tokens: authentication
      ? [{ description: 'ops', role: 'operate', digest: digest(OPERATE) }, { description: 'watch', role: 'read', digest: digest(READ) }]
      : undefined,
    tls,
    limits: { ...defaultLimits, writes: 0, ...limits },
    trustedProxies: [],
    logLevel: 'silent',
    ...more,
  }
  const app = await buildApp({
    config,
    clock: systemClock,
    connector: client,
    log: createLogger({ name: 'pvcapid', level: logTo === undefined ? 'silent' : 'debug', clock: systemClock, ...logTo === undefined ? {} : { destination: { write: (line: string) => { logTo.push(line) } } } }),
    random: Math.random,
    uuid: () => randomUUID().replaceAll('-', ''),
  })
  t.teardown(async () => await app.close())
  return app
}

/** An API that has read everything once. */
export async function api (t: Test, options: ApiOptions): Promise<FastifyInstance> {
  const app = await openApi(t, options)
  await app.services.view.ready
  return app
}

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>> }>>>>
}
const described = JSON.parse(readFileSync(join(packageFolder(), 'openapi', 'openapi.json'), 'utf8')) as Described
const ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(described, 'openapi')
const patterns = Object.keys(described.paths).map((path) => ({ path, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}/?$`) }))
const pointer = (text: string) => encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'))

/** What the description says against this reply; empty if nothing. A route that it does not have must be a problem. */
export function undescribed (method: string, url: string, status: number, type: string, body: string): string[] {
  const path = patterns.find(({ pattern }) => pattern.test(url.split('?')[0] ?? ''))?.path
  const verb = method.toLowerCase()
  const operation = path === undefined ? undefined : described.paths[path]?.[verb]
  const check = (ref: string): string[] => {
    const valid = ajv.getSchema(`openapi#${ref}`)
    if (valid === undefined) return [`no schema at ${ref}`]
    return valid(type.includes('json') ? JSON.parse(body) : body) === true ? [] : (valid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
  if (path === undefined || operation === undefined) return check('/components/schemas/Problem')
  const response = operation.responses[String(status)]
  if (response === undefined) return [`${method} ${path}: ${status} is not described`]
  if (body === '') return response.content === undefined ? [] : [`${method} ${path}: ${status} without a body`]
  const media = type.split(';')[0] ?? ''
  if (response.content?.[media] === undefined) return [`${method} ${path}: ${status} as ${media} is not described`]
  return check(`/paths/${pointer(path)}/${verb}/responses/${status}/content/${pointer(media)}/schema`)
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
  readonly text: string
}

type AskOptions = Omit<InjectOptions, 'method' | 'url'>

/**
 * Sends a request; a reply that is not as described, or lacks the view's age, fails the test. A request of which nothing was done because ZooKeeper did not
 * answer in time is sent again, as a client does.
 */
export async function ask (t: Test, app: FastifyInstance, method: NonNullable<InjectOptions['method']>, url: string, options: AskOptions = {}): Promise<Reply> {
  let sent = 0
  return await patiently(method.toUpperCase(), async () => {
    if (sent++ > 0) t.comment(`${method} ${url} is sent again`)
    return await askOnce(t, app, method, url, options)
  })
}

/** The same, sent once: for tests in which ZooKeeper is away. */
export async function askOnce (t: Test, app: FastifyInstance, method: NonNullable<InjectOptions['method']>, url: string, options: AskOptions = {}): Promise<Reply> {
  // An injected request needs no turn of the event loop; many in a row would keep the session from its own.
  await turn()
  const reply = await app.inject({ method, url, ...options })
  const type = String(reply.headers['content-type'] ?? '')
  t.strictSame(undescribed(method, url, reply.statusCode, type, reply.body), [], `${method} ${url} → ${reply.statusCode} as described`)
  t.type(reply.headers['x-view-age'], 'string', 'says how old the view is')
  const body = type.includes('json') ? JSON.parse(reply.body) as Record<string, unknown> : {}
  if (reply.statusCode >= 400 && type.startsWith('application/problem')) {
    t.match(body, { status: reply.statusCode, code: String, detail: String, title: String, instance: url.split('?')[0] }, 'says what is wrong')
  }
  return { status: reply.statusCode, headers: reply.headers, body, text: reply.body }
}

export const wish = async (t: Test, app: FastifyInstance, payload: object, query = '', headers: Record<string, string> = {}): Promise<Reply> =>
  await ask(t, app, 'POST', `/api/v1/switchover${query}`, { payload, headers })

/** The same, sent once: for tests in which ZooKeeper is away. */
export const wishOnce = async (t: Test, app: FastifyInstance, payload: object, query = ''): Promise<Reply> =>
  await askOnce(t, app, 'POST', `/api/v1/switchover${query}`, { payload })

/** Every znode with its version and value, but for the children of locks. */
export async function everything (session: Session, path = '/'): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const { names } = await session.children(path)
  for (const name of names.filter((child) => child !== 'zookeeper' && !/__lock__\d{10}$/.test(child))) {
    const child = path === '/' ? `/${name}` : `${path}/${name}`
    const { data, stat } = await session.get(child)
    found[child] = `${stat.version} ${data}`
    Object.assign(found, await everything(session, child))
  }
  return found
}

/**
 * Plays the nodes: whenever the key names another coordinator, the primary becomes secondary and the named one primary. With the key at
 * `none`, `heir` (if given) writes its own name, as a coordinator that contends would.
 */
export function settle (t: Test, session: Session, names: readonly string[], heir?: string): { readonly close: () => Promise<void> } {
  const ended = new AbortController()
  let wake = () => {}
  const subscription = session.onWatch('/config/primary_node', () => wake())
  const set = async (name: string, state: string) => {
    if ((await session.get(`/nodes/${name}/routerstate`)).data !== state) await session.set(`/nodes/${name}/routerstate`, state, ANY_VERSION)
  }
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const changed = new Promise<void>((resolve) => { wake = resolve })
      const { data: key, stat } = await session.get('/config/primary_node', { watch: true })
      for (const name of names) if (name !== key) await set(name, 'secondary')
      if (names.includes(key)) await set(key, 'primary')
      if (key === 'none' && heir !== undefined) {
        const epoch = stat.version + 1 + (JSON.parse((await session.get('/switchovers')).data) as { base: number }).base
        const record = { epoch, from: null, to: heir, cause: 'contention', requested_by: null, reason: null, started_at: new Date().toISOString(), timeout: 60, outcome: null, finished_at: null, continued_by: null, error: null, progress: 0, nodes: {}, timeline: [] }
        try {
          await session.create(`/switchovers/${String(epoch).padStart(10, '0')}`, JSON.stringify(record))
          await session.set('/config/primary_node', heir, stat.version)
        } catch (error) {
          if (!isBadVersion(error) && !isNodeExists(error)) throw error
        }
      }
      await changed
    }
  }
  const done = run()
  const close = async (): Promise<void> => {
    ended.abort()
    wake()
    subscription[Symbol.dispose]()
    await done
  }
  t.teardown(close)
  return { close }
}

/** From the next write of `znode` on, no reply of ZooKeeper's comes through, until `path` heals. Resolves once it has been sent. */
export async function swallowRepliesToWritesOf (path: Proxy, znode: string): Promise<void> {
  await new Promise<void>((resolve) => {
    path.onRequest = (chunk) => {
      if (!requestsIn(chunk).some(({ type, path }) => type === RequestType.set && path === znode)) return
      path.swallowReplies()
      path.onRequest = null
      resolve()
    }
  })
}
