/**
 * Throws generated requests at a pvcapid process and judges every reply: no 500, nothing that the description does not have, no write that was
 * answered otherwise. The process reaches ZooKeeper through a proxy, where its writes are seen; nodes are played, so that switchovers end.
 */
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { stringify } from 'yaml'
import { DaemonProcess } from '../../tools/testbed/daemon-process.ts'
import type { SessionKeeper } from '../../src/zookeeper/session/session-keeper.ts'
import { isZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { OPERATE, READ, undescribed } from '../pvcapid/support/api.ts'
import { freePort } from '../../tools/testbed/free-port.ts'
import type { Proxy } from '../../tools/testbed/proxy.ts'
import { RawClient, type RawReply } from './network/raw-client.ts'
import { RequestFuzzer, type FuzzedRequest, type Manner } from './request-fuzzer.ts'

export interface FuzzedOptions {
  /** Megabytes of the heap's old part at most; as Node has it unless told. */
  readonly heap?: number
}

/** A pvcapid of its own on `zookeeper`, with the keys of the tests and without limits by the minute. */
export async function startPvcapid (t: Test, zookeeper: string, { heap }: FuzzedOptions = {}): Promise<{ readonly daemon: DaemonProcess, readonly port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'pvc-fuzz-'))
  const file = join(folder, 'pvcapid.yaml')
  const port = await freePort()
  const tokens = [{ description: 'ops', role: 'operate', token: OPERATE }, { description: 'watch', role: 'read', token: READ }]
  const api = { listen_port: port, limits: { connections: 40_000, connections_per_address: 20_000, failed_authentications: 0, writes: 0 }, authentication: { enabled: true, tokens } }
  writeFileSync(file, stringify({ pvc: { node: 'plum', coordinators: [zookeeper], zookeeper: { session_timeout: 4 }, log_level: 'warn', api } }))
  const daemon = new DaemonProcess('pvcapid', 'fuzzed', file, heap === undefined ? {} : { flags: [`--max-old-space-size=${heap}`] })
  t.teardown(async () => {
    await daemon.stop(15_000)
    rmSync(folder, { recursive: true, force: true })
  })
  while (!await fetch(`http://127.0.0.1:${port}/health/ready`).then(({ status }) => status === 200, () => false)) {
    if (!daemon.running) throw new Error(`pvcapid ended: ${daemon.stderr}`)
    await delay(20)
  }
  return { daemon, port }
}

/** Bytes that a process holds. */
export const residentBytes = (pid: number): number => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** Plays the nodes until `signal`: whoever the key names is primary, the others are secondary. Continues through every outage. */
export async function playNodes (keeper: SessionKeeper, names: readonly string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(30)
    const session = keeper.current
    if (session?.state !== 'connected') continue
    try {
      const { data: key } = await session.get('/config/primary_node')
      for (const name of names) {
        const wanted = name === key ? 'primary' : 'secondary'
        if ((await session.get(`/nodes/${name}/routerstate`)).data !== wanted) await session.set(`/nodes/${name}/routerstate`, wanted, ANY_VERSION)
      }
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
    }
  }
}

/** Milliseconds within which a request whose client has gone is carried out, if it ever is. */
const CARRIED_OUT = 5_000
/** Milliseconds within which a write is tried again after the reply that its outcome is unknown: until ZooKeeper is there again. */
const FOUND_OUT = 30_000

/** What a request may write, by what is in its text. */
const mayWrite: ReadonlyArray<readonly [path: RegExp, text: RegExp]> = [
  [/maintenance$/, /status/],
  [/domainstate$/, /domain-state/],
  [/(daemonstate|routerstate|fence)$/, /fence-confirmation/],
  [/primary_node$/, /coordinator-state|switchover/],
]

const CREATE = 1
const SET = 5
const watched = /^\/(config\/(primary_node|maintenance)|nodes\/[^/]+\/(domainstate|daemonstate|routerstate|fence))$/

/** The paths of what a stream of ZooKeeper requests creates or sets, of those that a client of the API can have changed. */
class WriteWatch {
  /** The end of what has passed: a request may come in pieces. */
  #tail: Buffer = Buffer.alloc(0)

  see (chunk: Buffer): string[] {
    const found: string[] = []
    const bytes = Buffer.concat([this.#tail, chunk])
    for (const start of ['/config/', '/nodes/']) {
      for (let at = bytes.indexOf(start, 8); at >= 0; at = bytes.indexOf(start, at + 1)) {
        const [type, length] = [bytes.readInt32BE(at - 8), bytes.readInt32BE(at - 4)]
        const end = at + length
        if ((type !== SET && type !== CREATE) || end <= this.#tail.length || end > bytes.length) continue
        const path = bytes.subarray(at, end).toString()
        if (watched.test(path)) found.push(path)
      }
    }
    this.#tail = bytes.subarray(-120)
    return found
  }
}

interface SeenWrite {
  readonly path: string
  /** It may be that of an earlier request, whose client has gone. */
  readonly isLate: boolean
}

export interface FuzzOptions {
  readonly port: number
  readonly path: Proxy
  readonly seed: number
  /** Connections that only read. */
  readonly lanes: number
}

/** Statuses that a reply may have whatever the description says: those of the protocol itself. */
const ofTheProtocol = new Set([400, 404, 405, 408, 413, 415, 417, 431])
/** The router takes `//` and `*` for `/`, which is the status page. */
const pages = /^(\*|\/(docs|openapi\.json|status\.(css|js)|\/?(\?|$)))/

export class Fuzzing {
  readonly violations: string[] = []
  readonly statuses = new Map<number, number>()
  /** How many were sent in which manner. */
  readonly manners = new Map<Manner, number>()
  sent = 0
  /** How many of them were on the lane that may write. */
  posted = 0
  unanswered = 0
  /** Replies which said that the outcome of a write is not known. */
  unknown = 0
  readonly #options: FuzzOptions
  readonly #writes: SeenWrite[] = []
  #writing = false
  #lanes = 0
  /** Requests to write whose client did not wait for the reply, or was told that what became of the write is not known. */
  #abandoned: Array<{ readonly request: FuzzedRequest, readonly until: number }> = []
  /** Writes that may be theirs. */
  late = 0

  constructor (options: FuzzOptions) {
    this.#options = options
    const watch = new WriteWatch()
    options.path.onRequest = (chunk) => {
      for (const path of watch.see(chunk)) {
        const isLate = this.#isLate(path)
        this.#writes.push({ path, isLate })
        if (!this.#writing && !isLate) this.#fault(`${path} was written with no request to write in progress`)
      }
    }
  }

  /** Whether `path` is what a request may be writing that has no client any more. */
  #isLate (path: string): boolean {
    this.#abandoned = this.#abandoned.filter(({ until }) => until > performance.now())
    const isLate = this.#abandoned.some(({ request }) => mayWrite.some(([written, text]) => written.test(path) && text.test(request.text.toString('latin1'))))
    if (isLate) this.late += 1
    return isLate
  }

  /** Sends `count` requests, on all lanes at once; what may write on one lane alone. */
  async run (count: number, lanes = this.#options.lanes): Promise<void> {
    const until = this.sent + count
    const reading = Array.from({ length: lanes }, async () => await this.#send(false, until))
    await Promise.all([...reading, this.#send(true, until)])
  }

  async #send (writes: boolean, until: number): Promise<void> {
    const client = new RawClient(this.#options.port)
    const fuzzer = new RequestFuzzer(this.#options.seed + 7919 * this.#lanes++, writes)
    while (this.sent < until && this.violations.length < 20) {
      this.sent += 1
      const request = fuzzer.next()
      if (writes) {
        this.#writing = true
        this.posted += 1
      }
      const before = this.#writes.length
      try {
        await this.#deliver(client, fuzzer, request, writes, (reply) => this.#judge(request, reply, writes ? this.#writes.slice(before) : []))
      } catch (error) {
        this.#fault(`${error instanceof Error ? error.message : String(error)}: ${show(request)}`)
      }
      if (writes) this.#writing = false
      if (request.isMangled || request.target.length > 16_000 || request.text.includes('X-Filler')) client.close()
    }
    client.close()
  }

  /** Sends a request in some manner; `judge` is called with its reply, unless its client has gone before. */
  async #deliver (client: RawClient, fuzzer: RequestFuzzer, request: FuzzedRequest, writes: boolean, judge: (reply: RawReply | null) => void): Promise<void> {
    const manner = fuzzer.manner()
    this.manners.set(manner, (this.manners.get(manner) ?? 0) + 1)
    const abandoned = (): void => { if (writes) this.#abandoned.push({ request, until: performance.now() + CARRIED_OUT }) }
    const answer = async (): Promise<void> => {
      const reply = await client.receive(receiving(request))
      if (reply === null) abandoned()
      judge(reply)
    }
    switch (manner) {
      case 'aborted':
        await client.write(request.text.subarray(0, fuzzer.upTo(request.text.length)))
        await delay(fuzzer.upTo(10))
        client.reset()
        abandoned()
        return
      case 'split':
        for (let from = 0; from < request.text.length;) {
          const end = from + fuzzer.upTo(request.text.length)
          await client.write(request.text.subarray(from, end))
          await delay(1)
          from = end
        }
        return await answer()
      case 'half_closed':
        await client.write(request.text)
        client.end()
        await answer()
        client.close()
        return
      case 'pipelined':
        if (!writes && isOrdinary(request)) return await this.#pipeline(client, fuzzer, request, judge)
    }
    await client.write(request.text)
    await answer()
  }

  /** Some more requests behind `request`: the replies come in their order. */
  async #pipeline (client: RawClient, fuzzer: RequestFuzzer, request: FuzzedRequest, judge: (reply: RawReply | null) => void): Promise<void> {
    const more = Array.from({ length: fuzzer.upTo(30) }, () => fuzzer.next()).filter(isOrdinary)
    this.sent += more.length
    await client.write(Buffer.concat([request, ...more].map(({ text }) => text)))
    judge(await client.receive(receiving(request)))
    for (const each of more) {
      // A reply may say that it is the last one.
      if (!client.isOpen) return
      this.#judge(each, await client.receive(receiving(each)), [])
    }
  }

  #judge (request: FuzzedRequest, reply: RawReply | null, writes: readonly SeenWrite[]): void {
    if (reply === null) {
      this.unanswered += 1
      if (!request.isMangled && !/\nExpect:|\nUpgrade:/i.test(request.text.toString())) this.#fault(`no reply: ${show(request)}`)
      return
    }
    const { status, body } = reply
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    if (request.isForeign && reply.headers.has('access-control-allow-origin')) this.#fault(`another site may read: ${show(request)}`)
    if (request.isForeign && !request.isMangled && request.method === 'POST' && status < 300) this.#fault(`another site was answered ${status}: ${show(request)}`)
    if (status === 500 || Number.isNaN(status)) this.#fault(`${status}: ${show(request)} → ${body}`)
    const type = reply.headers.get('content-type') ?? ''
    const problem = request.isMangled || pages.test(request.target) ? this.#loosely(type, body) : this.#strictly(request, status, type, body)
    if (problem !== null) this.#fault(`${status} ${problem}: ${show(request)} → ${body.slice(0, 500)}`)
    this.#judgeWrites(request, status, body, writes)
  }

  #loosely (type: string, body: string): string | null {
    try {
      if (type.includes('json') && body !== '') JSON.parse(body)
      return null
    } catch {
      return 'is not JSON'
    }
  }

  #strictly ({ method, target }: FuzzedRequest, status: number, type: string, body: string): string | null {
    const asked = method === 'HEAD' ? 'GET' : method
    const isBare = method === 'HEAD' || RequestFuzzer.isEndless({ method, target } as FuzzedRequest)
    // The methods of a path: the description has no place for them.
    if (method === 'OPTIONS' && status === 204 && body === '') return null
    const path = target.replace(/^http:\/\/[^/]*/, '').replace(/^[^?]*/, (whole) => whole.replace(/\/{2,}/g, '/'))
    const paths = [path, decoded(path)]
    for (const each of paths) {
      const faults = isBare && body === '' ? [] : undescribed(asked, each, status, type, body)
      if (faults.length === 0) return null
    }
    // Refused before any route was found: the description has no place for it.
    if (ofTheProtocol.has(status) && undescribed('GET', '/no/route', status, type, body).length === 0) return null
    return undescribed(asked, target, status, type, body).join('; ')
  }

  #judgeWrites (request: FuzzedRequest, status: number, body: string, writes: readonly SeenWrite[]): void {
    const reply = body.startsWith('{') ? JSON.parse(body) as { outcome?: string, done?: boolean, code?: string, message?: string } : {}
    if (reply.outcome === 'unknown') {
      this.unknown += 1
      this.#abandoned.push({ request, until: performance.now() + FOUND_OUT })
    }
    const isSuccess = status >= 200 && status < 300
    const own = writes.filter(({ isLate }) => !isLate).map(({ path }) => path)
    if (own.length > 0 && !isSuccess && reply.outcome !== 'unknown' && reply.outcome !== 'in_progress' && reply.done !== true) this.#fault(`${own.join()} written, but answered ${status}: ${show(request)} → ${body}`)
    if (isSuccess && request.method === 'POST' && /\/(status|domain-state)(\?|$)/.test(request.target) && writes.length === 0 && !/already|asked for before/.test(String(reply.message))) this.#fault(`nothing written, but answered ${status}: ${show(request)} → ${body}`)
  }

  #fault (text: string): void {
    this.violations.push(text.slice(0, 2_000))
  }
}

const receiving = (request: FuzzedRequest) => ({ isHead: request.method === 'HEAD', isEndless: RequestFuzzer.isEndless(request), patience: request.isMangled ? 300 : 30_000 })

/** Whether more can come behind it on the same connection. */
const isOrdinary = (request: FuzzedRequest): boolean =>
  !request.isMangled && !RequestFuzzer.isEndless(request) && request.target.length < 4_000 && !/\n(Expect|Upgrade|X-Filler):/i.test(request.text.toString('latin1'))

const show = ({ text }: FuzzedRequest): string => JSON.stringify(text.toString('latin1').slice(0, 600))

function decoded (target: string): string {
  try {
    return decodeURI(target)
  } catch {
    return target
  }
}
