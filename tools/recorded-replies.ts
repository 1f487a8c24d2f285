/**
 * Replays one recorded request on this API and compares the reply, and what was written, field by field. The differences that are tolerated
 * are the ones below, and each is named where it occurs.
 */
import { createHash, randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../src/pvcapid/app.ts'
import { defaultLimits } from '../src/pvcapid/config/schema.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { createLogger } from '../src/runtime/log/log.ts'
import { nativeConnector } from '../src/zookeeper/client/native.ts'
import { ANY_VERSION, type Session } from '../src/zookeeper/session/session.ts'

export interface Case {
  readonly case: string
  readonly request: { readonly method: 'GET' | 'POST', readonly path: string, readonly headers?: Readonly<Record<string, string>>, readonly body?: string }
  readonly before: Readonly<Record<string, string>>
  readonly status: number
  readonly content_type: string
  readonly body: unknown
  readonly writes: Readonly<Record<string, { readonly before: string, readonly after: string, readonly version_delta: number }>>
}

/** The key that the recording was made with, and one that is none. */
const KEY = 'golden-api-key-0123456789'
const WRONG_KEY = 'not-the-key'

/** Where this project differs on purpose; the wire format's own notes list each. */
export const differences = {
  sorted: 'lists are sorted by name',
  problem: 'an error carries the problem members beside message',
  log404: 'an unknown node in /log is 404',
} as const
export type Difference = keyof typeof differences

/** Our own records of switchovers, and the children of locks, are not PVC's znodes. */
const ours = (path: string) => path === '/switchovers' || path.startsWith('/switchovers/') || /__r?lock__\d{10}$/.test(path)

export interface Finding { readonly faults: string[], readonly tolerated: Set<Difference> }

function compareText (recorded: string, got: unknown, path: string, { faults }: Finding): boolean {
  if (!/^<sentence.*>$/.test(recorded)) return false
  const already = recorded.includes('already')
  if (typeof got !== 'string' || got.length === 0) faults.push(`${path}: a sentence was expected, got ${JSON.stringify(got)}`)
  else if (already !== /\balready\b/.test(got)) faults.push(`${path}: the word already ${already ? 'is missing' : 'must not be'} in ${JSON.stringify(got)}`)
  return true
}

/** Lists of named things, in the order of their names; whether that was another order. */
function byName (list: readonly unknown[]): readonly unknown[] | null {
  const names = list.map((item) => typeof item === 'object' && item !== null ? (item as Record<string, unknown>)['name'] : undefined)
  if (!names.every((name) => typeof name === 'string')) return null
  return [...list].sort((a, b) => (a as { name: string }).name < (b as { name: string }).name ? -1 : 1)
}

function compare (recorded: unknown, got: unknown, path: string, finding: Finding, isError: boolean): void {
  const { faults, tolerated } = finding
  if (typeof recorded === 'string' && compareText(recorded, got, path, finding)) return
  if (typeof recorded !== 'object' || recorded === null || typeof got !== 'object' || got === null || Array.isArray(recorded) !== Array.isArray(got)) {
    if (!isDeepStrictEqual(recorded, got)) faults.push(`${path}: recorded ${JSON.stringify(recorded)}, got ${JSON.stringify(got)}`)
    return
  }
  if (Array.isArray(recorded) && Array.isArray(got)) {
    const sorted = byName(recorded) ?? recorded
    if (!isDeepStrictEqual(sorted, recorded)) tolerated.add('sorted')
    if (sorted.length !== got.length) faults.push(`${path}: recorded ${sorted.length} items, got ${got.length}`)
    for (const [index, item] of sorted.entries()) compare(item, got[index], `${path}[${index}]`, finding, false)
    return
  }
  for (const [key, value] of Object.entries(recorded)) {
    if (!Object.hasOwn(got, key)) faults.push(`${path}.${key}: is missing`)
    else compare(value, (got as Record<string, unknown>)[key], `${path}.${key}`, finding, false)
  }
  for (const key of Object.keys(got)) {
    if (Object.hasOwn(recorded, key)) continue
    if (isError) tolerated.add('problem')
    else faults.push(`${path}.${key}: was not recorded`)
  }
}

class Tree {
  readonly #session: Session

  constructor (session: Session) {
    this.#session = session
  }

  /** Every znode there is: path → value and version. */
  async all (path = '/'): Promise<Map<string, { value: string, version: number }>> {
    const found = new Map<string, { value: string, version: number }>()
    const { names } = await this.#session.children(path)
    const paths = names.map((name) => path === '/' ? `/${name}` : `${path}/${name}`).filter((child) => child !== '/zookeeper')
    await Promise.all(paths.map(async (child) => {
      const [{ data, stat }, below] = await Promise.all([this.#session.get(child), this.all(child)])
      found.set(child, { value: data, version: stat.version })
      for (const [path, entry] of below) found.set(path, entry)
    }))
    return found
  }

  /** Makes the tree what it was recorded on. */
  async restore (znodes: Readonly<Record<string, string>>): Promise<void> {
    const present = await this.all()
    for (const path of [...present.keys()].sort().reverse()) if (!Object.hasOwn(znodes, path)) await this.#session.delete(path, ANY_VERSION)
    for (const [path, value] of Object.entries(znodes).sort(([a], [b]) => a < b ? -1 : 1)) {
      const old = present.get(path)
      if (old === undefined) await this.#session.create(path, value)
      else if (old.value !== value) await this.#session.set(path, value, ANY_VERSION)
    }
  }
}

function compareWrites (recorded: Case['writes'], before: Awaited<ReturnType<Tree['all']>>, after: Awaited<ReturnType<Tree['all']>>, faults: string[]): void {
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    if (ours(path)) continue
    const [old, now] = [before.get(path), after.get(path)]
    const wanted = recorded[path]
    const delta = (now?.version ?? 0) - (old?.version ?? 0)
    if (wanted === undefined) {
      if (old?.value !== now?.value || delta !== 0) faults.push(`${path}: was written, from ${JSON.stringify(old?.value)} to ${JSON.stringify(now?.value)}`)
    } else if (old?.value !== wanted.before || now?.value !== wanted.after || delta !== wanted.version_delta) {
      faults.push(`${path}: recorded ${wanted.before} → ${wanted.after} in ${wanted.version_delta}, got ${old?.value} → ${now?.value} in ${delta}`)
    }
  }
}

/** The recording's unknown node in /log was 400. */
const isLogOfUnknown = (recorded: Case) => recorded.status === 400 && recorded.request.method === 'GET' && /\/log(\?|$)/.test(recorded.request.path)

/** Replays cases on one ZooKeeper. An API serves until a case writes or changes something; the next case then gets an API of its own. */
export class Replayer implements AsyncDisposable {
  readonly #znodes: Readonly<Record<string, string>>
  readonly #tree: Tree
  readonly #port: number
  #app: FastifyInstance | null = null

  /** @param session any session on the same ZooKeeper, whose whole content is replaced */
  constructor (znodes: Readonly<Record<string, string>>, session: Session, port: number) {
    this.#znodes = znodes
    this.#tree = new Tree(session)
    this.#port = port
  }

  async replay (recorded: Case): Promise<Finding> {
    const finding: Finding = { faults: [], tolerated: new Set() }
    const { method, path, headers, body } = recorded.request
    const isReading = method === 'GET' && Object.keys(recorded.before).length === 0
    if (!isReading) await this[Symbol.asyncDispose]()
    if (this.#app === null) await this.#tree.restore({ ...this.#znodes, ...recorded.before })
    const app = this.#app ?? await startApi(this.#port)
    this.#app = app
    const before = await this.#tree.all()
    const key = recorded.case === 'auth_nokey' ? {} : { 'x-api-key': recorded.case === 'auth_wrongkey' ? WRONG_KEY : KEY }
    const reply = await app.inject({ method, url: path, headers: { ...key, ...headers }, ...(body === undefined ? {} : { payload: body }) })
    const after = await this.#tree.all()
    const isError = recorded.status >= 400
    if (reply.statusCode !== recorded.status) {
      if (isLogOfUnknown(recorded) && reply.statusCode === 404) finding.tolerated.add('log404')
      else finding.faults.push(`status: recorded ${recorded.status}, got ${reply.statusCode}`)
    }
    const type = String(reply.headers['content-type']).split(';')[0]
    if (type !== recorded.content_type) {
      if (isError && type === 'application/problem+json') finding.tolerated.add('problem')
      else finding.faults.push(`content type: recorded ${recorded.content_type}, got ${type}`)
    }
    compare(recorded.body, JSON.parse(reply.body), 'body', finding, isError)
    compareWrites(recorded.writes, before, after, finding.faults)
    if (!isReading) await this[Symbol.asyncDispose]()
    return finding
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#app?.close()
    this.#app = null
  }
}

async function startApi (port: number): Promise<FastifyInstance> {
  const app = await buildApp({
    config: {
      node: undefined,
      servers: [{ host: '127.0.0.1', port }],
      sessionTimeout: 10_000,
      listenAddress: '127.0.0.1',
      listenPort: 0,
      tokens: [{ description: 'replay', role: 'operate', digest: createHash('sha256').update(KEY).digest() }],
      tls: undefined,
      limits: defaultLimits,
      trustedProxies: [],
      logLevel: 'silent',
    },
    clock: systemClock,
    connector: nativeConnector(),
    log: createLogger({ name: 'pvcapid', level: 'silent', clock: systemClock }),
    random: Math.random,
    uuid: () => randomBytes(16).toString('hex'),
  })
  await app.services.view.ready
  return app
}
