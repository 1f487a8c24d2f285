/**
 * The same requests to pvcapid and to a bare Fastify server that answers with the very same bytes and headers, in interleaved rounds, with
 * keepalives in progress beneath both. Replies are verified: all of them by status and length, and twenty a second by their text.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RawClient, type RawReply } from '../../test/support/network/raw-client.ts'
import { load, type LoadResult } from './load.ts'
import { processorSeconds, READ_KEY, startPvcapid, startReference, temporaryFolder } from './processes.ts'
import { median, medianRatio, type Row, type Target } from './report.ts'

const CONNECTIONS = 16
const SECONDS = 1
/** As many processes of pvcapid, and as many of the reference, one pair after the other. */
const PAIRS = 3
const WARM_UP = 1

export interface Reading {
  readonly what: string
  readonly path: string
  /** Asks with the reply's own ETag, and so for a 304. */
  readonly unchanged?: boolean
}

const requestHeaders = (etag: string | null): Record<string, string> => ({ 'X-Api-Key': READ_KEY, ...etag === null ? {} : { 'If-None-Match': etag } })

async function ask (port: number, path: string, headers: Readonly<Record<string, string>>, client = new RawClient(port)): Promise<RawReply> {
  const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  const reply = await client.ask(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  if (reply === null) throw new Error(`${path}: no reply`)
  return reply
}

/** What Node adds to every reply by itself. */
const ownHeaders: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding'])

/** What both must have in common: every header's name, and the values of all but these, which differ from reply to reply. */
const varying: ReadonlySet<string> = new Set(['date', 'x-request-id', 'x-view-age', 'etag', 'keep-alive'])
const shape = ({ status, headers }: RawReply): string =>
  `${status} ${[...headers].map(([name, value]) => varying.has(name) ? name : `${name}: ${value}`).sort().join('\n')}`

export interface Comparison {
  /** Of a round's replies, the length may differ by this much: figures change with keepalives. */
  readonly slack: number
  readonly target: Target
  readonly rounds: number
  readonly profile: string | null
}

/** What the rounds of one reading have shown, of all pairs of processes. */
interface Measured {
  readonly ours: LoadResult[]
  readonly theirs: LoadResult[]
  readonly stales: number[]
  readonly cost: Readonly<Record<'ours' | 'theirs', number[]>>
  /** The ratio of each pair by itself. */
  readonly pairs: number[]
}

/**
 * One row for each reading. The rounds are shared among several processes of both: what the compiler makes of the same code differs from one
 * process to the next by more than the change that is to be seen.
 */
export async function besideConstant (zookeeper: string, readings: readonly Reading[], comparison: Comparison): Promise<Row[]> {
  const all = readings.map((): Measured => ({ ours: [], theirs: [], stales: [], cost: { ours: [], theirs: [] }, pairs: [] }))
  for (let pair = 0; pair < PAIRS; pair++) await measurePair(zookeeper, readings, comparison, all)
  return readings.map(({ what }, index) => {
    const { ours, theirs, stales, cost, pairs } = all[index] ?? fail(what)
    return {
      what,
      cells: {
        'replies/s': median(rates(ours)).toFixed(0),
        'reference/s': median(rates(theirs)).toFixed(0),
        'CPU µs': median(cost.ours).toFixed(1),
        'reference CPU µs': median(cost.theirs).toFixed(1),
        bytes: median(ours.map(({ bytes }) => bytes)).toFixed(0),
        'view stale': `${(100 * Math.max(...stales)).toFixed(0)} %`,
        'p99 ms': median(ours.map(({ p99 }) => p99)).toFixed(2),
        'reference p99 ms': median(theirs.map(({ p99 }) => p99)).toFixed(2),
        'each pair': pairs.map((ratio) => ratio.toFixed(2)).join(' '),
      },
      measured: medianRatio(rates(ours), rates(theirs)),
      target: comparison.target,
    }
  })
}

const rates = (results: readonly LoadResult[]): number[] => results.map(({ rate }) => rate)
const fail = (what: string): never => { throw new Error(`${what}: nothing was measured`) }

async function measurePair (zookeeper: string, readings: readonly Reading[], { slack, rounds, profile }: Comparison, all: readonly Measured[]): Promise<void> {
  await using api = await startPvcapid(zookeeper, { profile })
  const asked = await Promise.all(readings.map(async (reading) => {
    const first = await ask(api.port, reading.path, requestHeaders(null))
    const etag = reading.unchanged === true ? first.headers.get('etag') ?? '' : null
    return { reading, etag, reply: etag === null ? first : await ask(api.port, reading.path, requestHeaders(etag)) }
  }))
  const file = join(temporaryFolder(), 'replies.json')
  // One path may be asked for in more than one way.
  const constants = asked.map(({ reading, reply }, index) => ({
    url: `/${index}${reading.path}`,
    status: reply.status,
    headers: Object.fromEntries([...reply.headers].filter(([name]) => !ownHeaders.has(name))),
    body: reply.body,
  }))
  writeFileSync(file, JSON.stringify(constants))
  await using reference = await startReference('constant', [file])

  for (const [index, { reading, etag, reply }] of asked.entries()) {
    const { what, path } = reading
    const into = all[index] ?? fail(what)
    const headers = requestHeaders(etag)
    const referencePath = constants[index]?.url ?? ''
    const beside = await ask(reference.port, referencePath, headers)
    if (shape(beside) !== shape(reply) || beside.body !== reply.body) throw new Error(`${path}: the reference answers otherwise:\n${shape(beside)}\n${shape(reply)}`)
    const measure = async (who: 'ours' | 'theirs', seconds: number): Promise<{ result: LoadResult, stale: number, cost: number }> => {
      const [port, path, pid] = who === 'ours' ? [api.port, reading.path, api.daemon.pid] : [reference.port, referencePath, reference.pid]
      const before = processorSeconds(pid)
      const url = `http://127.0.0.1:${port}${path}`
      const [result, { looks, stale }] = await Promise.all([load({ url, headers, connections: CONNECTIONS, seconds }), verify(port, path, headers, reply, slack, seconds)])
      return { result, stale: stale / Math.max(1, looks), cost: (processorSeconds(pid) - before) / result.replies * 1e6 }
    }
    await measure('ours', WARM_UP)
    await measure('theirs', WARM_UP)
    const ours: LoadResult[] = []
    const theirs: LoadResult[] = []
    for (let round = 0; round < rounds; round++) {
      // Either goes first as often.
      const order = round % 2 === 0 ? ['ours', 'theirs'] as const : ['theirs', 'ours'] as const
      for (const who of order) {
        const { result, stale, cost } = await measure(who, SECONDS)
        if (who === 'ours') into.stales.push(stale)
        into.cost[who].push(cost)
        ;(who === 'ours' ? ours : theirs).push(result)
      }
    }
    const [bytes, constant] = [median(ours.map(({ bytes }) => bytes)), median(theirs.map(({ bytes }) => bytes))]
    if (Math.abs(bytes - constant) > slack + 8) throw new Error(`${path}: ${bytes} bytes a reply, the reference ${constant}`)
    into.ours.push(...ours)
    into.theirs.push(...theirs)
    into.pairs.push(medianRatio(rates(ours), rates(theirs)))
  }
}

/** Asks as the load does, and looks at what comes back: the same status and headers, and a text that is JSON and as long. */
async function verify (port: number, path: string, headers: Readonly<Record<string, string>>, expected: RawReply, slack: number, seconds: number): Promise<{ looks: number, stale: number }> {
  const seen = { looks: 0, stale: 0 }
  const client = new RawClient(port)
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const reply = await ask(port, path, headers, client)
    const isAsLong = Math.abs(reply.body.length - expected.body.length) <= slack
    const isSame = slack === 0 ? reply.body === expected.body : isAsLong
    if (shapeWithoutLength(reply) !== shapeWithoutLength(expected) || !isSame) throw new Error(`${path}: answered\n${shape(reply)}\n${reply.body.slice(0, 500)}\ninstead of\n${shape(expected)}\n${expected.body.slice(0, 500)}`)
    seen.looks += 1
    if (reply.headers.has('x-view-stale')) seen.stale += 1
    await delay(50)
  }
  client.close()
  return seen
}

/** Without what may differ from one reply to the next: the length, and whether the view is behind, which is counted. */
const shapeWithoutLength = (reply: RawReply): string => shape(reply).replace(/\ncontent-length: \d+/, '').replace('\nx-view-stale: true', '')
