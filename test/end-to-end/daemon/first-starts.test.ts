/**
 * First starts of nodes with collectors, on a machine that is busy: whenever a client looks at ZooKeeper or at the API, each check in the list has its
 * data, and in the end each is there. FIRST_STARTS is how many; `npm run campaign -- first-starts` has 200.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { nodePath } from '../../../src/cluster/layout.ts'
import { isNoNode } from '../../../src/zookeeper/client/errors.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'
import { askApi } from '../../support/api-client.ts'
import { cluster } from '../../support/cluster.ts'

const STARTS = Number(process.env['FIRST_STARTS'] ?? 8)
/** Nodes that start at the same time. */
const AT_ONCE = 4
/** Programs that do nothing but keep the processors busy. */
const BUSY = 2
const names = ['disk', 'fan', 'psu', 'raid', 'smart', 'temp']
/** They answer one after another, and some of them together. */
const collectors = names.map((name, at) => ({ name, command: ['sh', '-c', `sleep 0.${at % 3}; echo '{"message": "fine ${name}", "data": {"of": "${name}"}}'`], timeout: 20 }))
const texts = ['data', 'health_delta', 'last_run', 'message', 'runtime']

function load (t: Test): void {
  for (let index = 0; index < BUSY; index++) {
    const child = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' })
    t.teardown(async () => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    })
  }
}

/** One look at ZooKeeper itself: the list first, then what it names. The names, and what is missing. */
async function lookDirectly (session: Session, node: string): Promise<{ readonly listed: readonly string[], readonly missing: readonly string[] }> {
  const unlessGone = <T>(instead: T) => (error: unknown): T => {
    if (!isNoNode(error)) throw error
    return instead
  }
  const listed = (await session.get(nodePath(node, 'monitoring_plugins')).then(({ data }) => data, unlessGone(''))).split(' ').filter((name) => name !== '')
  const missing: string[] = []
  for (const name of listed) {
    const found = await session.children(`${nodePath(node, 'monitoring_data')}/${name}`).then((children) => children.names, unlessGone<readonly string[]>([]))
    missing.push(...texts.filter((text) => !found.includes(text)).map((text) => `${name}/${text}`))
  }
  return { listed, missing }
}

interface Detail { readonly name: string, readonly last_run: number, readonly message: string, readonly data: unknown }

/** One look at the API. A check that has not answered says so in its message. */
async function lookAtApi (api: string, node: string): Promise<{ readonly listed: readonly string[], readonly missing: readonly string[] }> {
  const { status, body } = await askApi<[{ readonly health_plugins: readonly string[], readonly health_details: readonly Detail[] }]>(`${api}/api/v1/node/${node}`)
  if (status === 404) return { listed: [], missing: [] }
  const [found] = body
  const missing = found.health_plugins.filter((name) => {
    const detail = found.health_details.find((each) => each.name === name)
    if (detail === undefined || detail.message === '') return true
    return detail.message === `fine ${name}` && (detail.last_run === 0 || (detail.data as { readonly of?: unknown }).of !== name)
  })
  return { listed: found.health_plugins, missing }
}

t.test(`${STARTS} first starts beside load`, { timeout: 120_000 + STARTS * 15_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [] })
  const session = await watcher.session()
  const api = await made.startApi('hv0')
  load(t)
  let looks = 0
  for (let first = 1; first <= STARTS; first += AT_ONCE) {
    const nodes = Array.from({ length: Math.min(AT_ONCE, STARTS - first + 1) }, (_, index) => `hv${first + index}`)
    for (const node of nodes) made.startNode(node, { mode: 'hypervisor', coordinator: undefined, system: { intervals: { keepalive_interval: 1 }, collectors } })
    await Promise.all(nodes.map(async (node) => {
      for (const look of [async () => await lookDirectly(session, node), async () => await lookAtApi(api, node)]) {
        for (let isThere = false; !isThere; looks++) {
          const { listed, missing } = await look()
          if (missing.length > 0) t.fail(`${node} lists checks without data`, { listed, missing })
          isThere = names.every((name) => listed.includes(name))
          if (made.nodes.get(node)?.running !== true) throw new Error(`${node} has ended`)
        }
      }
    }))
    await Promise.all(nodes.map(async (node) => await made.nodes.get(node)?.kill()))
    // Once more in the end: nothing older has come after it.
    for (const node of nodes) {
      const { listed, missing } = await lookDirectly(session, node)
      t.strictSame([names.filter((name) => !listed.includes(name)), missing], [[], []], `${node} has every check with its data`)
    }
  }
  t.ok(looks > STARTS * 4, `${looks} looks`)
})
