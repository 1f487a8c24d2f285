/**
 * Clients that wait, in long-polls and in event streams: from the write of a state to the last of them that is told, and the memory that each
 * costs, beside a bare HTTP server that holds as many and then answers with the same bytes.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ANY_VERSION, type Session } from '../src/zookeeper/session/session.ts'
import { Crowd, type Asking } from './support/crowd.ts'
import { Keepalives, nodeName } from './support/fleet.ts'
import { READ_KEY, residentBytes, startPvcapid, startReference, temporaryFolder } from './support/processes.ts'
import { atMost, median, medianRatio, type Benchmark, type Row } from './support/report.ts'
import { World } from './support/world.ts'

const SIZES = [1_000, 10_000] as const
const KIB = 1024
const NODES = 10
const node = nodeName(1)

interface Kind {
  readonly name: string
  readonly isStream: boolean
  /** The request of a client that waits for a change of what it knows by `etag`. */
  request (etag: string): string
}

const headers = (etag: string) => `Host: x\r\nX-Api-Key: ${READ_KEY}\r\n${etag === '' ? '' : `If-None-Match: ${etag}\r\n`}\r\n`
const kinds: readonly Kind[] = [
  { name: 'long-polls', isStream: false, request: (etag) => `GET /api/v1/node/${node}/coordinator-state?wait=600 HTTP/1.1\r\n${headers(etag)}` },
  { name: 'event streams', isStream: true, request: () => `GET /api/v1/events HTTP/1.1\r\n${headers('')}` },
]

interface Round { readonly milliseconds: number, readonly kibEach: number }

const states = ['takeover', 'secondary'] as const
const marker = (state: string) => `"coordinator_state":"${state}"`
/** How often all of them are told: the first time is left out, because code that has just been loaded is slow. */
const TELLINGS = 4
const WARM_UP = 200

interface Told extends Round {
  /** What one client read when it was first told, with the head. */
  readonly sample: string
}

/** Holds `count` clients, has `tell` tell them of one state after the other, and waits each time for the last of them. */
async function round (pid: number, asking: () => Promise<Asking>, count: number, tell: (state: string) => Promise<unknown>): Promise<Told> {
  const before = residentBytes(pid)
  const first = await asking()
  await using crowd = await Crowd.gather(first, count)
  const held = residentBytes(pid)
  const times: number[] = []
  let sample = ''
  for (let telling = 0; telling < TELLINGS; telling++) {
    const state = states[telling % 2] as string
    if (telling > 0 && !first.isStream) await crowd.askAgain(await asking())
    const told = crowd.told(marker(state))
    const begun = performance.now()
    await tell(state)
    times.push(await told - begun)
    if (telling === 0) sample = crowd.sample
  }
  return { milliseconds: median(times.slice(1)), kibEach: (held - before) / count / KIB, sample }
}

export const watch: Benchmark = {
  name: 'watch',
  title: 'from the write of a state to the last client told, and memory for each, beside a bare HTTP server that holds as many',
  async run ({ rounds: given, profile }) {
    const rows: Row[] = []
    await using world = await World.start(NODES)
    const session = await world.session()
    for (const kind of kinds) {
      for (const count of SIZES) {
        const rounds = given ?? 2
        const ours: Round[] = []
        const theirs: Round[] = []
        for (let at = 0; at < rounds; at++) {
          const { measured, constant } = await ourRound(world, session, kind, count, profile)
          ours.push(measured)
          theirs.push(await theirRound(constant, kind, count))
        }
        rows.push(...rowsOf(kind, count, ours, theirs))
      }
    }
    return { rows, notes: ['each round has fresh processes, and tells its clients four times, of which the first is left out; ours is timed from when the write is sent to ZooKeeper, the other from when it is told'] }
  },
}

interface Constant { readonly status: number, readonly headers: Record<string, string>, readonly first: string, readonly body: string, readonly isStream: boolean }

async function ourRound (world: World, session: Session, kind: Kind, count: number, profile: string | null): Promise<{ measured: Round, constant: Constant }> {
  await using api = await startPvcapid(world.server.connectString, { profile })
  await session.set(`/nodes/${node}/routerstate`, 'secondary', ANY_VERSION)
  const path = `http://127.0.0.1:${api.port}/api/v1/node/${node}/coordinator-state`
  const etagNow = async (): Promise<string> => (await fetch(`${path}?consistent`, { headers: { 'x-api-key': READ_KEY } })).headers.get('etag') ?? ''
  const holding = async (): Promise<number> => {
    const figures = await (await fetch(`http://127.0.0.1:${api.port}/metrics`)).text()
    return Number(new RegExp(`^${kind.isStream ? 'pvcapid_event_streams' : 'pvcapid_waiters'} (\\d+)$`, 'm').exec(figures)?.[1])
  }
  const tell = async (state: string): Promise<unknown> => await session.set(`/nodes/${node}/routerstate`, state, ANY_VERSION)
  const asking = async (): Promise<Asking> => ({ port: api.port, request: kind.request(await etagNow()), isStream: kind.isStream, holding })
  // As long a life before as the reference has: some clients come and go.
  await round(api.daemon.pid, asking, WARM_UP, tell)
  const keepalives = kind.isStream ? null : new Keepalives(session, NODES)
  const { sample, ...measured } = await round(api.daemon.pid, asking, count, tell)
  await keepalives?.[Symbol.asyncDispose]()
  return { measured, constant: constantOf(sample, kind.isStream) }
}

/** What the reference has to say: what a client of ours was told. */
function constantOf (sample: string, isStream: boolean): Constant {
  const end = sample.indexOf('\r\n\r\n')
  const [line = '', ...fields] = sample.slice(0, end).split('\r\n')
  const own = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length'])
  const headers = Object.fromEntries(fields.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 2)]).filter(([name]) => !own.has(name ?? '')))
  const text = sample.slice(end + 4)
  if (!isStream) return { status: Number(line.split(' ')[1]), headers, first: '', body: text, isStream }
  // Chunks: the state as the stream began, then the events.
  const [first = '', ...events] = chunksOf(text)
  return { status: 200, headers, first, body: events.join(''), isStream }
}

function chunksOf (text: string): string[] {
  const chunks: string[] = []
  for (let at = 0; at < text.length;) {
    const begin = text.indexOf('\r\n', at) + 2
    const length = Number.parseInt(text.slice(at, begin), 16)
    chunks.push(text.slice(begin, begin + length))
    at = begin + length + 2
  }
  return chunks
}

async function theirRound (constant: Constant, kind: Kind, count: number): Promise<Round> {
  const file = join(temporaryFolder(), 'held.json')
  writeFileSync(file, JSON.stringify(constant))
  using reference = await startReference('hold', [file])
  const holding = async (): Promise<number> => Number(await reference.ask(''))
  const asking = async (): Promise<Asking> => ({ port: reference.port, request: kind.request('"x"'), isStream: kind.isStream, holding })
  const tell = async (state: string) => await reference.ask(state)
  await round(reference.pid, asking, WARM_UP, tell)
  const { milliseconds, kibEach } = await round(reference.pid, asking, count, tell)
  return { milliseconds, kibEach }
}

function rowsOf (kind: Kind, count: number, ours: readonly Round[], theirs: readonly Round[]): Row[] {
  const time = (rounds: readonly Round[]) => rounds.map(({ milliseconds }) => milliseconds)
  const memory = (rounds: readonly Round[]) => rounds.map(({ kibEach }) => kibEach)
  const row = (what: string, unit: string, of: (rounds: readonly Round[]) => number[], limit: number): Row => ({
    what: `${count.toLocaleString('en')} ${kind.name}, ${what}`,
    cells: { ours: `${median(of(ours)).toFixed(1)} ${unit}`, reference: `${median(of(theirs)).toFixed(1)} ${unit}` },
    measured: medianRatio(of(ours), of(theirs)),
    target: atMost(limit),
  })
  return [row('time', 'ms', time, 1.5), row('memory', 'KiB each', memory, 1.3)]
}
