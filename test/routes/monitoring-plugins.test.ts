/**
 * `/status` as the plugins of PVC's users for Check_MK and Munin read it: maintenance as one of two words, health as a number with its messages, and the alert
 * that follows from them. On generated trees each has to be what the tree says, whatever is missing or malformed beside it. MONITORING_TREES is how many.
 */
import t from 'tap'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'
import { isNoNode } from '../../src/zookeeper/client/errors.ts'
import { api, ask, clusterTree } from '../pvcapid/support/api.ts'

const TREES = Number(process.env['MONITORING_TREES'] ?? 150)
const nodes = ['fig', 'plum', 'quince', 'yew'] as const

type Status = Readonly<Record<string, unknown>> & {
  readonly maintenance: unknown
  readonly cluster_health: { readonly health: unknown, readonly messages: ReadonlyArray<{ readonly text: unknown }> }
  readonly node_health: Readonly<Record<string, { readonly health: unknown, readonly messages: readonly unknown[] }>>
}
type Alert = 'ok' | 'warning' | 'critical' | 'unknown'
interface Reading { readonly maintenance: boolean, readonly health: number | null, readonly alert: Alert, readonly details: string }

const alertOf = (health: number, maintenance: boolean): Alert => maintenance || health > 90 ? 'ok' : health > 50 ? 'warning' : 'critical'
const joined = (texts: readonly unknown[]): string => texts.map((each) => {
  if (typeof each !== 'string') throw new TypeError(`not a text: ${JSON.stringify(each)}`)
  return each
}).join(', ')

/** Looks the word up in a table, compares the health as a number, and joins texts: each of which ends the plugin at a value of another type. */
function checkMk ({ maintenance: word, cluster_health: cluster, node_health: byNode }: Status, host: string | null): Reading {
  const table: Readonly<Record<string, boolean>> = { true: true, false: false }
  if (typeof word !== 'string' || !Object.hasOwn(table, word)) throw new TypeError(`maintenance is ${JSON.stringify(word)}`)
  const maintenance = table[word] === true
  const { health, messages } = host === null ? cluster : byNode[host] ?? (() => { throw new TypeError(`no health of ${host}`) })()
  const details = joined(host === null ? cluster.messages.map(({ text }) => text) : messages)
  // The word in place of a health that cannot be read: the plugin then says that it does not know, of this node alone.
  if (health === 'N/A' && host !== null) return { maintenance, health: null, alert: 'unknown', details }
  if (typeof health !== 'number' || !Number.isInteger(health)) throw new TypeError(`health is ${JSON.stringify(health)}`)
  return { maintenance, health, alert: alertOf(health, maintenance), details }
}

/** Goes by the text of the JSON, without its quotation marks. */
function munin (status: Status, host: string | null): Pick<Reading, 'health' | 'alert'> {
  const bare = (value: unknown) => JSON.stringify(value).replaceAll('"', '')
  const { health } = host === null ? status.cluster_health : status.node_health[host] ?? { health: null }
  const text = bare(health)
  if (!/^\d+$/.test(text)) return { health: null, alert: 'unknown' }
  return { health: Number(text), alert: alertOf(Number(text), bare(status.maintenance) === 'true') }
}

async function put (session: Session, path: string, value: string | null): Promise<void> {
  if (value === null) await session.delete(path, ANY_VERSION).catch((error: unknown) => { if (!isNoNode(error)) throw error })
  else {
    await session.ensurePath(path)
    await session.set(path, value, ANY_VERSION)
  }
}

t.test('maintenance, health and alerts', { timeout: 600_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  // The same trees each time.
  let seed = 7
  const random = (below: number) => {
    seed = Math.imul(seed, 48_271) % 0x7fffffff
    return Math.abs(seed) % below
  }
  const one = <T>(of: readonly T[]): T => of[random(of.length)] as T
  const alerts = new Set<Alert>()
  for (let tree = 0; tree < TREES; tree++) {
    const maintenance = one(['true', 'false', 'true', 'false', null, '', 'True', 'None', 'N/A', '1', '{'])
    await put(session, '/config/maintenance', maintenance)
    const health: Record<string, string | null> = {}
    const checks: Record<string, string[]> = {}
    for (const node of nodes) {
      health[node] = one(['100', '91', '90', '51', '50', '0', null, '', 'None', 'N/A', 'nan', '{}', '75.5'])
      await put(session, `/nodes/${node}/monitoring_health`, health[node] ?? null)
      const deltas = Array.from({ length: random(3) }, () => one(['0', '10', '50', 'None', '']))
      await put(session, `/nodes/${node}/monitoring_plugins`, deltas.map((_, at) => `c${at}`).join(' '))
      for (const [at, delta] of deltas.entries()) {
        await put(session, `/nodes/${node}/monitoring_data/c${at}/health_delta`, delta)
        await put(session, `/nodes/${node}/monitoring_data/c${at}/message`, `check ${at}`)
      }
      checks[node] = deltas.flatMap((delta, at) => Number(delta) > 0 ? [`'c${at}': check ${at}`] : [])
      // Every state a node may be in, and some that it cannot.
      await put(session, `/nodes/${node}/daemonstate`, one(['run', 'run', 'init', 'shutdown', 'stop', 'dead', 'fenced', null, 'None']))
    }
    const faults: Array<{ readonly id: string, readonly delta: number, readonly acknowledged: boolean, readonly text: string }> = []
    for (let at = 0; at < 3; at++) {
      const id = `FA0000${tree % 50}${at}`
      if (random(2) === 0) continue
      const acknowledged = random(3) === 0
      const delta = one(['0', '5', '10', '50', 'None'])
      faults.push({ id, delta: Number(delta) > 0 ? Number(delta) : 0, acknowledged, text: `fault ${at} of ${tree}` })
      for (const [name, text] of [['status', acknowledged ? 'ack' : 'new'], ['delta', delta], ['message', `fault ${at} of ${tree}`], ['first_time', '2026-02-03 04:05:06'], ['last_time', '2026-02-03 04:05:06'], ['ack_time', '']] as const) await put(session, `/faults/${id}/${name}`, text)
    }
    const { status: code, body } = await ask(t, app, 'GET', '/api/v1/status?consistent')
    const shown = JSON.parse((await ask(t, app, 'GET', '/api/v1/faults')).text) as ReadonlyArray<{ readonly id: string, readonly status: string, readonly health_delta: number, readonly message: string }>
    const status = body as Status
    const isMaintenance = maintenance === 'true'
    const left = { tree, maintenance, health, checks, faults }
    t.equal(code, 200)
    try {
      for (const node of nodes) {
        const text = health[node] ?? ''
        const known = /^\d+$/.test(text) ? Number(text) : null
        const expected: Reading = { maintenance: isMaintenance, health: known, alert: known === null ? 'unknown' : alertOf(known, isMaintenance), details: (checks[node] ?? []).join(', ') }
        alerts.add(expected.alert)
        t.strictSame(checkMk(status, node), expected, `${node} for Check_MK`, left)
        t.strictSame(munin(status, node), { health: expected.health, alert: expected.alert }, `${node} for Munin`, left)
      }
      const open = shown.filter((fault) => fault.status !== 'ack')
      const cluster = Math.max(0, 100 - open.reduce((sum, fault) => sum + fault.health_delta, 0))
      const read = checkMk(status, null)
      alerts.add(read.alert)
      t.strictSame([read.health, read.maintenance, read.alert], [cluster, isMaintenance, alertOf(cluster, isMaintenance)], 'the cluster for Check_MK', left)
      t.strictSame(munin(status, null), { health: cluster, alert: alertOf(cluster, isMaintenance) }, 'the cluster for Munin', left)
      for (const { id, delta, acknowledged, text } of faults) {
        t.match(shown.find((fault) => fault.id === id), { health_delta: delta, status: acknowledged ? 'ack' : 'new' }, 'the fault is shown as it is kept', left)
        t.equal(read.details.includes(text), !acknowledged, 'a message for each open fault', left)
      }
    } catch (error) {
      t.fail(`a plugin ends: ${String(error)}`, { left, status })
    }
    for (const { id } of faults) {
      for (const name of (await session.children(`/faults/${id}`)).names) await put(session, `/faults/${id}/${name}`, null)
      await put(session, `/faults/${id}`, null)
    }
  }
  t.strictSame([...alerts].sort(), ['critical', 'ok', 'unknown', 'warning'], 'every alert was there')
})
