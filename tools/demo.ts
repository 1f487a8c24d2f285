/**
 * The main job, from one command: a private ZooKeeper, three coordinators with visible resources, an API beside each, and a switchover
 * followed over HTTP to its end. Everything said here comes from polling the API, as any client would.
 *
 * `--once` exits after the switchover: 0 if it succeeded and every state was seen, 1 if not. `--port N` is the first API's port.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { misused, programArguments, type Program } from './program-arguments.ts'
import { Cluster } from './testbed/cluster.ts'

const nodes = ['hv1', 'hv2', 'hv3']
/** Milliseconds between two polls, and the longest that anything here may take. */
const POLL = 50
const PATIENCE = 60_000

interface Switchover {
  readonly epoch: number
  readonly done: boolean
  readonly outcome: string | null
  readonly from: string | null
  readonly to: string | null
  readonly progress: number
}

const began = performance.now()
const say = (text: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`)

const program: Program = {
  name: 'npm run demo',
  options: ['--once    exit after the switchover: 0 if it succeeded and every state was seen, 1 if not', '--port N  the port of the first API; a free one by default'],
}

function options (): { once: boolean, port: number } {
  const { values } = programArguments(program, { options: { once: { type: 'boolean', default: false }, port: { type: 'string', default: '0' } } })
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65_535) misused(program, `--port has to be a port number, not "${values.port}".`)
  return { once: values.once, port }
}

async function get<T> (url: string): Promise<T | null> {
  const response = await fetch(url)
  return response.ok && response.status !== 204 ? await response.json() as T : null
}

/** Polls the states of all coordinators and says each change; stops when told. */
function followStates (api: string, seen: Map<string, string[]>): { stop: () => Promise<void> } {
  const stopped = new AbortController()
  const done = (async () => {
    while (!stopped.signal.aborted) {
      const list = await get<Array<{ name: string, coordinator_state: string }>>(`${api}/api/v1/node`) ?? []
      for (const { name, coordinator_state: state } of list) {
        const states = seen.get(name) ?? []
        if (states.at(-1) === state) continue
        seen.set(name, [...states, state])
        say(states.length === 0 ? `${name} is ${state}` : `${name}: ${states.at(-1) ?? ''} → ${state}`)
      }
      await delay(POLL)
    }
  })()
  return { stop: async () => { stopped.abort(); await done } }
}

async function until<T> (what: string, look: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + PATIENCE
  while (performance.now() < end) {
    const found = await look()
    if (found !== null) return found
    await delay(POLL)
  }
  throw new Error(`${what}: not within ${PATIENCE / 1000} s`)
}

const settledPrimary = (api: string) => async () => {
  const primary = await get<{ name: string | null, settled: boolean }>(`${api}/api/v1/primary`)
  return primary?.settled === true && primary.name !== null ? primary.name : null
}

/** One switchover, watched; true if it succeeded and the transitional states were seen over HTTP. */
async function switchover (api: string): Promise<boolean> {
  const seen = new Map<string, string[]>()
  const following = followStates(api, seen)
  const from = await until('a primary', settledPrimary(api))
  say(`the primary is ${from}`)
  const to = nodes.find((name) => name !== from) ?? ''
  say(`POST /api/v1/switchover {"to":"${to}"}`)
  const asked = performance.now()
  const response = await fetch(`${api}/api/v1/switchover`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to, reason: 'demonstration' }),
  })
  const accepted = await response.json() as Switchover
  say(`${response.status}: switchover ${accepted.epoch}, ${response.headers.get('location') ?? 'no location'}`)
  const result = response.ok
    ? await until('the end of the switchover', async () => {
      const now = await get<Switchover>(`${api}/api/v1/switchover/${accepted.epoch}?wait=5`)
      return now?.done === true ? now : null
    })
    : accepted
  const took = ((performance.now() - asked) / 1000).toFixed(1)
  await until('the states', async () => seen.get(from)?.at(-1) === 'secondary' && seen.get(to)?.at(-1) === 'primary' ? true : null)
  await following.stop()
  say(`switchover ${result.epoch} from ${from} to ${to}: ${result.outcome ?? 'not accepted'} after ${took} s`)
  const passed = (name: string, states: string[]) => (seen.get(name) ?? []).join(' ').includes(states.join(' '))
  return result.outcome === 'succeeded' && passed(to, ['secondary', 'takeover', 'primary']) && passed(from, ['primary', 'relinquish', 'secondary'])
}

async function main (): Promise<void> {
  const { once, port } = options()
  const cluster = new Cluster({ nodes, sessionTimeout: 10, keepaliveInterval: 5, resources: ['floating-address', 'job'] })
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
  let succeeded = false
  try {
    say('starting a private ZooKeeper and three coordinators')
    await cluster.start()
    const apis = await Promise.all(nodes.map(async (name, index) => await cluster.startApi(name, index === 0 ? port : 0)))
    const api = apis[0] ?? ''
    nodes.forEach((name, index) => say(`the API beside ${name} answers at ${apis[index] ?? ''}`))
    const work = switchover(api)
    succeeded = await Promise.race([work, interrupted.then(() => false)])
    if (!once && succeeded) {
      console.log(`
Swagger UI: ${api}/docs   (Ctrl-C stops everything)
  curl ${api}/api/v1/primary
  curl -X POST -H 'Content-Type: application/json' -d '{"to":"hv3"}' '${api}/api/v1/switchover?wait=30'
  curl ${api}/api/v1/node/hv3/coordinator-state
`)
      await interrupted
    }
  } finally {
    say('stopping everything')
    await cluster.close()
  }
  process.exitCode = succeeded ? 0 : 1
}

await main()
