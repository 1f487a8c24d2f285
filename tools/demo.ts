/**
 * The main job, from one command: a private ZooKeeper, three coordinators with visible resources, an API beside each, and a switchover
 * followed over HTTP to its end. Everything said here comes from polling the API, as any client would.
 *
 * `--once` exits after the switchover: 0 if it succeeded and every state was seen, 1 if not. `--port N` is the first API's port; without it that is
 * 7370, as in README.md, or a free one where another program has 7370.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { misused, programArguments, type Program } from './program-arguments.ts'
import { Cluster } from './testbed/cluster.ts'
import { freePort, isFree } from './testbed/free-port.ts'

/** The port of README.md's curl lines, and what pvcctl asks unless told otherwise. */
const USUAL_PORT = 7_370
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
  options: ['--once    exit after the switchover: 0 if it succeeded and every state was seen, 1 if not', `--port N  the port of the first API; ${USUAL_PORT} by default, or a free one where that is taken`],
}

function options (): { once: boolean, port: number | undefined } {
  const { values } = programArguments(program, { options: { once: { type: 'boolean', default: false }, port: { type: 'string' } } })
  const port = values.port === undefined ? undefined : Number(values.port)
  if (port !== undefined && (!/^\d+$/.test(values.port ?? '') || port > 65_535)) misused(program, `--port has to be a port number, not "${values.port ?? ''}".`)
  return { once: values.once, port }
}

/** The first API's port. Exits where the one that was asked for is taken, and says which one is used where the usual one is. */
async function firstPort (given: number | undefined): Promise<number> {
  const wanted = given ?? USUAL_PORT
  if (wanted === 0 || await isFree(wanted)) return wanted
  if (given !== undefined) {
    console.error(`${program.name}: port ${given} is taken by another program. Stop that one (\`ss -ltnp sport = :${given}\` names it), or give another --port.`)
    process.exit(1)
  }
  const port = await freePort()
  say(`port ${wanted} is taken by another program; the first API has port ${port} instead: write ${port} for ${wanted} in README's curl lines`)
  return port
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
  // Its error is that of `stop`; after an interruption nothing asks for it.
  done.catch(() => {})
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
  const { once, port: given } = options()
  const port = await firstPort(given)
  const cluster = new Cluster({ nodes, sessionTimeout: 10, keepaliveInterval: 5, resources: ['floating-address', 'job'], logFiles: true })
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
  let succeeded = false
  try {
    say(`configuration files and logs of the daemons: ${cluster.folder}/*.yaml and *.log, deleted at the end`)
    say('starting a private ZooKeeper and three coordinators')
    await cluster.start()
    const apis = await Promise.all(nodes.map(async (name, index) => await cluster.startApi(name, index === 0 ? port : 0)))
    const api = apis[0] ?? ''
    nodes.forEach((name, index) => say(`the API beside ${name} answers at ${apis[index] ?? ''}`))
    say(`the status page: ${api}/`)
    say(`pvcctl: node dist/src/pvcctl/main.js --api ${api} list`)
    const work = switchover(api)
    succeeded = await Promise.race([work, interrupted.then(() => false)])
    if (!once && succeeded) {
      console.log(`
Status page: ${api}/   Swagger UI: ${api}/docs   (Ctrl-C stops everything)
  node dist/src/pvcctl/main.js --api ${api} list
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
