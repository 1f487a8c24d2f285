/**
 * Attacks on an API, one object each. To add one, add an object to `attacks`: `run` opens what it needs through `Attackers`, which closes
 * everything at the end of `seconds`, in the way that the attack says.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { IN_PROGRESS, WAITING } from '../../src/pvcapid/http/connection.ts'
import { OPERATE, READ } from '../../test/pvcapid/support/api.ts'

export interface Attack {
  readonly name: string
  /** Which API: that of plain HTTP unless told; the deaf one's log is not read meanwhile. Attacks of `together.ts` are on one of their own. */
  readonly over?: 'tls' | 'deaf'
  /** The address that they connect from: the well-behaved client's unless told. */
  readonly from?: string
  /** Attackers that are open at once; a share of them in the short run. */
  readonly connections: number
  /** How long they continue. */
  readonly seconds: number
  /** What one of them does; it may continue until `signal` aborts. */
  readonly run: (attacker: Attacker, signal: AbortSignal) => Promise<void>
}

/** One attacker: a bare connection that reads only what it is told to. */
export class Attacker {
  readonly #port: number
  readonly #from: string
  #socket: Socket

  constructor (port: number, from = '127.0.0.1') {
    this.#port = port
    this.#from = from
    this.#socket = this.#open()
  }

  get closed (): boolean { return this.#socket.destroyed }

  /** Sends `text`; one that the API has closed is opened again first. */
  send (text: string): void {
    if (this.#socket.destroyed) this.#socket = this.#open()
    this.#socket.write(text, 'latin1')
  }

  /** Reads `bytes` at most, now. */
  read (bytes: number): void { this.#socket.read(bytes) }
  readAll (): void { this.#socket.resume() }
  halfClose (): void { this.#socket.end() }
  reset (): void { this.#socket.resetAndDestroy() }

  #open (): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', localAddress: this.#from, allowHalfOpen: true })
    socket.on('error', () => {})
    socket.setNoDelay(true)
    // Read when told, and not before.
    socket.on('readable', () => {})
    return socket
  }
}

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${READ}\r\n${headers}\r\n`
const openapi = get('/openapi.json')
/** A tag that is nobody's would be answered at once; `*` is that of every state. */
const longPoll = get('/api/v1/primary?wait=600', 'If-None-Match: *\r\n')
const largeLongPoll = get('/api/v1/primary?wait=600', `If-None-Match: *\r\nX-Junk: ${'j'.repeat(15_000)}\r\n`)
const stream = get('/api/v1/events')

const over = async (signal: AbortSignal): Promise<void> => {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Sends `text` once and never reads. */
const neverReads = (text: string) => async (attacker: Attacker, signal: AbortSignal): Promise<void> => {
  attacker.send(text)
  await over(signal)
}

/** Sends `text` and resets, again and again. */
const resets = (text: string) => async (attacker: Attacker, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    attacker.send(text)
    await delay(50)
    attacker.reset()
    await delay(10)
  }
}

/** Sends `text` again and again, every `milliseconds`, and reads what comes. */
const repeats = (text: string, milliseconds: number) => async (attacker: Attacker, signal: AbortSignal): Promise<void> => {
  attacker.readAll()
  while (!signal.aborted) {
    attacker.send(text)
    await delay(milliseconds)
  }
}

const readsSlowly = (text: string) => async (attacker: Attacker, signal: AbortSignal): Promise<void> => {
  attacker.send(text)
  while (!signal.aborted) {
    attacker.read(1)
    await delay(1_000)
  }
}

/** One request with a body, of a key that may only read or of none. */
const post = (path: string, headers: string, body: string | Buffer, key: string | null = READ): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${key === null ? '' : `X-Api-Key: ${key}\r\n`}${headers}Content-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`
const json = 'Content-Type: application/json\r\n'
const malformed = [
  post('/api/v1/switchover', json, '{'), post('/api/v1/switchover', json, '['.repeat(20_000)), post('/api/v1/switchover', json, `{"to":"${'x'.repeat(60_000)}"}`),
  post('/api/v1/switchover', 'Content-Type: text/plain\r\n', 'fig'), post('/api/v1/status?state=perhaps', '', ''), post('/api/v1/node/fig/fence-confirmation', json, 'null'),
]
const compressed = post('/api/v1/switchover', `${json}Content-Encoding: gzip\r\n`, gzipSync(Buffer.alloc(20_000_000)))
const manyHeaders = (count: number): string => get('/api/v1/primary', Array.from({ length: count }, (_, at) => `a${at}:b\r\n`).join(''))

const form = (fields: number): string => {
  const body = 'a=&'.repeat(fields)
  return `POST /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${READ}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** A body of one-byte chunks, which nobody is to read. */
const chunks = (count: number, headers: string): string => `POST /api/v1/switchover HTTP/1.1\r\nHost: localhost\r\n${headers}${json}Transfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(count)}`
/** Every request wants another number of lines. */
const logs = Array.from({ length: 16 }, (_, at) => get(`/api/v1/node/plum/log?lines=${800 + at}`)).join('')

/**
 * The address of those that are so many, a thousand and more, that they come as a crowd (docs/scale.md). A client who comes with a new connection of the same address has its turn among
 * them; one of another address, or with a connection that is known, does not notice them.
 */
export const CROWD = '127.0.0.2'

/** As many requests as one connection may send before their replies. */
export const FULL = IN_PROGRESS + WAITING

export const attacks: readonly Attack[] = [
  { name: '1,800 × /openapi.json, never reads', connections: 20, seconds: 10, run: neverReads(openapi.repeat(1_800)) },
  { name: '250 × /openapi.json, never reads', connections: 200, seconds: 10, run: neverReads(openapi.repeat(250)) },
  { name: '64 readers of /metrics', connections: 64, seconds: 5, run: async (attacker, signal) => { attacker.readAll(); while (!signal.aborted) { attacker.send(get('/metrics')); await delay(200) } } },
  { name: 'all nodes, never reads', connections: 100, seconds: 10, run: neverReads(get('/api/v1/node').repeat(FULL)) },
  { name: 'the log of a node, never reads', connections: 300, seconds: 10, run: neverReads(logs) },
  { name: '120,000 chunks of one byte', connections: 50, seconds: 10, run: neverReads(chunks(120_000, '')) },
  { name: '5,000 chunks of one byte, with a key', from: CROWD, connections: 1_000, seconds: 10, run: neverReads(chunks(5_000, `X-Api-Key: ${READ}\r\n`)) },
  { name: 'nodes by many filters, never reads', connections: 50, seconds: 10, run: async (attacker, signal) => { for (let at = 0; at < 100; at++) attacker.send(get(`/api/v1/node?limit=n%7C${at}`)); await over(signal) } },
  { name: 'reads one byte a second', connections: 100, seconds: 30, run: readsSlowly(openapi.repeat(50)) },
  { name: 'metrics and lists, one byte a second', connections: 100, seconds: 20, run: readsSlowly((get('/metrics') + get('/api/v1/node')).repeat(8)) },
  { name: '2,000 requests pipelined', connections: 50, seconds: 10, run: async (attacker, signal) => { attacker.readAll(); while (!signal.aborted) { attacker.send(get('/health/live').repeat(2_000)); await delay(250) } } },
  { name: `${FULL} long-polls pipelined, reset`, connections: 50, seconds: 10, run: resets(longPoll.repeat(FULL)) },
  { name: '1,500 × 16 long-polls', from: CROWD, connections: 1_500, seconds: 10, run: neverReads(longPoll.repeat(16)) },
  { name: '1,200 × 16 long-polls with 15 kB of headers', from: CROWD, connections: 1_200, seconds: 10, run: neverReads(largeLongPoll.repeat(16)) },
  { name: 'all event streams', from: CROWD, connections: 1_200, seconds: 5, run: neverReads(stream) },
  { name: '1,500 × 16 waits that are answered at once', from: CROWD, connections: 1_500, seconds: 5, run: async (attacker, signal) => { attacker.readAll(); attacker.send(get('/api/v1/primary?wait=600').repeat(16)); await over(signal) } },
  { name: '4,000 × 16 /health/live', from: CROWD, connections: 4_000, seconds: 5, run: async (attacker, signal) => { attacker.readAll(); attacker.send(get('/health/live').repeat(16)); await over(signal) } },
  { name: '1,000 × 16 consistent readings', from: CROWD, connections: 1_000, seconds: 5, run: async (attacker, signal) => { attacker.readAll(); attacker.send(get('/api/v1/primary?consistent').repeat(16)); await over(signal) } },
  { name: '4,000 bodies that are half sent', from: CROWD, connections: 4_000, seconds: 8, run: neverReads(`POST /api/v1/switchover HTTP/1.1\r\nHost: localhost\r\n${json}Content-Length: 65000\r\n\r\n{"to":"${'x'.repeat(60_000)}`) },
  { name: '4,500 heads that are half sent', from: CROWD, connections: 4_500, seconds: 8, run: neverReads(`GET / HTTP/1.1\r\nX: ${'y'.repeat(15_000)}`) },
  { name: '400 × 140 /openapi.json', connections: 400, seconds: 8, run: async (attacker, signal) => { attacker.readAll(); attacker.send(openapi.repeat(140)); await over(signal) } },
  { name: `400 × ${FULL} /openapi.json`, connections: 400, seconds: 8, run: async (attacker, signal) => { attacker.readAll(); attacker.send(openapi.repeat(FULL)); await over(signal) } },
  { name: `${FULL} event streams pipelined, reset`, connections: 20, seconds: 10, run: resets(stream.repeat(FULL)) },
  { name: `${FULL} static files pipelined, reset`, connections: 30, seconds: 10, run: resets(get('/docs/static/swagger-ui-bundle.js').repeat(FULL)) },
  { name: '1,000 event streams, dropped', from: CROWD, connections: 1_000, seconds: 6, run: async (attacker, signal) => { attacker.readAll(); attacker.send(stream); await over(signal); attacker.reset() } },
  { name: 'event streams, never reads', connections: 500, seconds: 15, run: neverReads(stream) },
  { name: 'long-polls, half-closed', connections: 200, seconds: 5, run: async (attacker, signal) => { attacker.send(longPoll); attacker.halfClose(); await over(signal) } },
  { name: 'silent after connecting', connections: 500, seconds: 20, run: async (_attacker, signal) => { await over(signal) } },
  { name: 'silent before TLS', over: 'tls', connections: 500, seconds: 12, run: async (_attacker, signal) => { await over(signal) } },
  { name: 'silent before TLS, up to the limit', over: 'tls', from: '127.0.0.2', connections: 5_100, seconds: 15, run: async (_attacker, signal) => { await over(signal) } },
  { name: 'no TLS on the TLS port', over: 'tls', connections: 200, seconds: 12, run: neverReads(openapi) },
  { name: 'half a request', connections: 200, seconds: 20, run: neverReads('GET / HTTP/1.1\r\nHo') },
  { name: 'forms of 21,000 empty fields', connections: 10, seconds: 5, run: async (attacker, signal) => { attacker.readAll(); while (!signal.aborted) { attacker.send(form(21_000)); await delay(100) } } },
  { name: 'writes without a key, again and again', connections: 4, seconds: 5, run: repeats(post('/api/v1/status?state=true', '', '', null).repeat(100), 5) },
  { name: 'malformed bodies', connections: 20, seconds: 5, run: repeats(malformed.join(''), 50) },
  { name: 'compressed bodies', connections: 20, seconds: 5, run: repeats(compressed.repeat(4), 50) },
  { name: 'hundreds of headers', connections: 20, seconds: 5, run: repeats(manyHeaders(400).repeat(8) + manyHeaders(1_500), 50) },
  { name: 'endless headers', connections: 50, seconds: 5, run: repeats(`GET / HTTP/1.1\r\nX: ${'y'.repeat(100_000)}`, 50) },
  { name: 'bodies that are cut', connections: 50, seconds: 5, run: resets('POST /api/v1/switchover HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{') },
  { name: 'switchovers that there are not', connections: 50, seconds: 10, run: repeats(get('/api/v1/switchover/999999').repeat(16), 50) },
  { name: 'switchovers to nobody', connections: 20, seconds: 10, run: repeats(post('/api/v1/switchover', json, '{"to":"nobody"}', OPERATE).repeat(8), 20) },
  { name: 'a log that nobody reads', over: 'deaf', connections: 20, seconds: 10, run: repeats((get('/api/v1/primary') + get('/api/v1/status') + post('/api/v1/switchover', json, '{', OPERATE)).repeat(4), 10) },
  { name: 'methods and paths that are none', connections: 10, seconds: 5, run: async (attacker, signal) => { attacker.readAll(); while (!signal.aborted) { for (const path of ['/docs/static/..', '/docs/static/a%00b', '/%ff', '/docs/static/foo']) attacker.send(get(path) + get(path).replace('GET', 'QUERY')); await delay(20) } } },
]
