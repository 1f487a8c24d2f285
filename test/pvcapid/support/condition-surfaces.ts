/** Conditions brought about in ZooKeeper and ended again, and where each has to show meanwhile: the same on every surface, within five seconds. */
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { conditionKinds, type ConditionCode } from '../../../src/core/conditions/kinds.ts'
import { isNoNode } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import type { ZooKeeperServer } from '../../../tools/testbed/zookeeper-server.ts'
import { connect, eventually, zookeeper } from '../../support/zookeeper.ts'
import { api, ask, makeCluster } from './api.ts'
import { cases, presence, type Case } from './condition-cases.ts'

/** Milliseconds in which a condition has to appear, and to disappear; its own time comes first. */
const WITHIN = 5_000
/** Milliseconds after which a surface that does not show it, or shows it still, is not waited for any more. */
const AT_LAST = 15_000
/** Milliseconds between two looks at a surface. */
const PAUSE = 10

/** Whether a condition shows on each of some surfaces. `message` is how the API says it, or said it last; null before it has. */
export type Look = (each: Case, message: string | null) => Promise<Readonly<Record<string, boolean>>>

/** What there is of a cluster, for surfaces that are not the API's own. */
export interface Place {
  readonly app: FastifyInstance
}

/** Surfaces beside the API's own; `remark` says something about the present case for the table. */
export interface MoreSurfaces {
  readonly looks: readonly Look[]
  readonly remark?: (each: Case) => string
}

/** Milliseconds until it had appeared and until it was gone; null: not at all. */
export interface Shown { readonly appeared: number | null, readonly gone: number | null }

export interface Row {
  readonly code: ConditionCode
  readonly surfaces: Readonly<Record<string, Shown>>
  readonly remark: string
}

const isPresence = (path: string) => path.endsWith('/presence')

export async function put (session: Session, path: string, value: string | null): Promise<string | null> {
  const before = await session.get(path).then(({ data }) => data, (error: unknown) => { if (!isNoNode(error)) throw error; return null })
  if (value === null) await session.delete(path, ANY_VERSION).catch((error: unknown) => { if (!isNoNode(error)) throw error })
  else if (before === null) await session.create(path, value, { ephemeral: isPresence(path) })
  else await session.set(path, value, ANY_VERSION)
  return before
}

interface Cluster extends Place { readonly server: ZooKeeperServer, readonly session: Session, readonly log: readonly string[] }

async function ourCluster (t: Test): Promise<Cluster> {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  await makeCluster(session)
  for (const name of ['plum', 'fig', 'quince', 'yew']) {
    await put(session, `/nodes/${name}/transition`, JSON.stringify({ direction: 'start', epoch: null, step: 1, of: 1, released: [], since: '2026-01-01T00:00:00.000Z', error: null }))
    await put(session, `/nodes/${name}/presence`, presence())
  }
  const log: string[] = []
  return { server, session, log, app: await api(t, { port: server.port, logTo: log }) }
}

interface Told { readonly code: string, readonly severity: string, readonly node: string | null, readonly fault: string | null, readonly message: string }
const isOf = ({ code, node }: Case) => (told: { readonly code: string, readonly node: string | null }) => told.code === code && (node === null || told.node === node)

interface Status {
  readonly conditions: readonly Told[]
  readonly cluster_health: { readonly messages: ReadonlyArray<{ readonly id: string }> }
}

/** The surfaces of the API itself. */
const ofReplies = (t: Test, app: FastifyInstance): Look => async (each) => {
  const { code, node } = each
  const isIt = isOf(each)
  const health = await ask(t, app, 'GET', '/health/cluster?warning=429')
  const status = (await ask(t, app, 'GET', '/api/v1/status')).body as unknown as Status
  const faults = JSON.parse((await ask(t, app, 'GET', '/api/v1/faults')).text) as ReadonlyArray<{ readonly id: string }>
  const found = (health.body as unknown as Status).conditions
  const { severity } = conditionKinds[code]
  const id = found.find(isIt)?.fault ?? null
  const metrics = (await ask(t, app, 'GET', '/metrics')).text
  return {
    status: status.conditions.some(isIt),
    health: found.some(isIt) && (severity === 'info' || health.status === (found.some((told) => told.severity === 'critical') ? 503 : 429)),
    metric: new RegExp(`^pvc_condition\\{code="${code}",severity="[a-z]+",node="${node ?? ''}"`, 'm').test(metrics),
    ...conditionKinds[code].delta === 0 ? {} : { fault: faults.some((fault) => fault.id === id), messages: status.cluster_health.messages.some((message) => message.id === id) },
  }
}

/** What the log has said of a case since it had `from` lines. */
function saidOf (log: readonly string[], from: number, each: Case): readonly string[] {
  const lines = log.slice(from).map((line) => JSON.parse(line) as { readonly event?: string, readonly condition?: string, readonly node?: string | null })
  return lines.filter(({ condition, node = null }) => condition !== undefined && isOf(each)({ code: condition, node })).map(({ event }) => event ?? '').filter((event) => event.startsWith('condition_'))
}

/** Looks again and again until each surface is as it is to be, or the time is over. Milliseconds since `from`, by surface, from when on it was. */
async function times (look: () => Promise<Readonly<Record<string, boolean>>>, there: boolean, from: number, longest: number): Promise<Readonly<Record<string, number | null>>> {
  const found: Record<string, number | null> = {}
  for (;;) {
    for (const [name, shown] of Object.entries(await look())) found[name] = shown === there ? found[name] ?? performance.now() - from : null
    if (Object.values(found).every((time) => time !== null) || performance.now() - from > longest) return found
    await delay(PAUSE)
  }
}

/** Brings it about; the result ends it. */
async function bringAbout ({ server, session }: Cluster, { texts, withoutZooKeeper }: Case): Promise<() => Promise<void>> {
  const before: Record<string, string | null> = {}
  for (const [path, value] of Object.entries(typeof texts === 'function' ? await texts(session) : texts)) before[path] = await put(session, path, value)
  if (withoutZooKeeper) await server.kill()
  return async () => {
    if (withoutZooKeeper) await server.start()
    for (const [path, value] of Object.entries(before).reverse()) await put(session, path, value)
  }
}

const rounded = (time: number | null | undefined, ownTime = 0) => time == null ? null : Math.round(time - ownTime)
const isInTime = (time: number | null) => time !== null && time < WITHIN

/** One after the other: there, on every surface, then nowhere. Fails for each surface that is missing or late. */
export async function run (t: Test, codes: ReadonlySet<ConditionCode> | null, more: (t: Test, place: Place) => Promise<MoreSurfaces> = async () => ({ looks: [] })): Promise<readonly Row[]> {
  const cluster = await ourCluster(t)
  const { app, log } = cluster
  const { looks, remark } = await more(t, cluster)
  const rows: Row[] = []
  for (const each of cases.filter(({ code }) => codes?.has(code) ?? true)) {
    await t.test(each.code, async (t) => {
      const { code, ownTime = 0 } = each
      const lines = log.length
      let message: string | null = null
      const everyLook: readonly Look[] = [ofReplies(t, app), async () => ({ log: saidOf(log, lines, each).at(-1) === 'condition_began' }), ...looks]
      const all = everyLook.map((look) => async () => {
        message = app.services.view.conditions.find(isOf(each))?.message ?? message
        return await look(each, message)
      })
      const until = async (there: boolean, from: number, longest: number) => Object.assign({}, ...await Promise.all(all.map(async (look) => await times(look, there, from, longest)))) as Readonly<Record<string, number | null>>
      t.ok(Object.values(await until(false, performance.now(), 0)).every((time) => time !== null), 'not there before')
      const begun = performance.now()
      const end = await bringAbout(cluster, each)
      const appeared = await until(true, begun, ownTime + AT_LAST)
      for (const look of all) t.notOk(Object.values(await look()).includes(false), 'everywhere at once')
      const remarked = remark?.(each) ?? ''
      const [status, health] = [await ask(t, app, 'GET', '/api/v1/status'), await ask(t, app, 'GET', '/health/cluster')]
      t.strictSame(status.body['conditions'], health.body['conditions'], 'status and health say the same')
      if (each.unsettled) t.match(await ask(t, app, 'GET', '/api/v1/primary'), { body: { settled: false } })
      await end()
      const ended = performance.now()
      const gone = await until(false, ended, AT_LAST)
      t.strictSame(saidOf(log, lines, each), ['condition_began', 'condition_ended'], 'the log says each once')
      const surfaces = Object.fromEntries(Object.keys(appeared).map((name): [string, Shown] => [name, { appeared: rounded(appeared[name], ownTime), gone: rounded(gone[name]) }]))
      rows.push({ code, surfaces, remark: remarked })
      for (const [name, shown] of Object.entries(surfaces)) t.ok(isInTime(shown.appeared) && isInTime(shown.gone), `${name}: ${inWords(shown)}; within ${WITHIN} ms`)
      await eventually(async () => (await ask(t, app, 'GET', '/api/v1/primary')).body['settled'] === true)
    })
  }
  return rows
}

const inWords = ({ appeared, gone }: Shown) => `appeared ${appeared === null ? 'not at all' : `after ${appeared} ms`}, gone ${gone === null ? 'not at all' : `after ${gone} ms`}`

/** The lines of a table: a condition, and for each surface the milliseconds until it appeared and until it was gone. */
export function tableOf (rows: readonly Row[]): readonly string[] {
  const names = [...new Set(rows.flatMap(({ surfaces }) => Object.keys(surfaces)))]
  const cell = (shown: Shown | undefined) => shown === undefined ? '-' : `${shown.appeared ?? 'MISSING'} / ${shown.gone ?? 'STAYS'}`
  const lines = [['condition', ...names, ''], ...rows.map(({ code, surfaces, remark }) => [code, ...names.map((name) => cell(surfaces[name])), remark])]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return lines.map((line) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ').trimEnd())
}
