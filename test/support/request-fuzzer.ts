/**
 * Requests made from the committed description of the API: valid ones, ones with something changed, and hostile ones. The same seed makes the
 * same requests.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly $ref?: string
}
interface Operation {
  readonly parameters?: ReadonlyArray<{ readonly name: string, readonly in: string, readonly schema: Schema }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}
const described = JSON.parse(readFileSync(join(packageFolder(), 'openapi', 'openapi.json'), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** How a request is sent: whole, with others behind it, in pieces, on a connection whose side is closed then, or not to its end. */
export const manners = ['whole', 'pipelined', 'split', 'half_closed', 'aborted'] as const
export type Manner = typeof manners[number]

/** Headers of a browser for a page of another site: its requests must write nothing, and it must not be able to read the replies. */
const foreignPages = ['Origin: http://evil.example', 'Origin: null', 'Origin: https://x', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Site: same-site']
const ownPages = ['Origin: http://x', 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: none']

export interface FuzzedRequest {
  readonly method: string
  /** As it is sent. */
  readonly target: string
  readonly text: Buffer
  /** It is that of a page of another site. */
  readonly isForeign: boolean
  /** Bytes were changed after it was put together: nothing but its safety can be said of the reply. */
  readonly isMangled: boolean
}

const nodes = ['plum', 'fig', 'quince', 'yew', 'oak']
const words = ['true', 'false', 'primary', 'secondary', 'flush', 'ready', 'run', 'takeover', 'client', 'fig', 'none']
const numbers = ['0', '1', '2', '7', '50', '-1', '0.01', '1.5', '1e3', '1001', '3601', '99999999999', '9999999999', '0x10', 'NaN', '', ' 1']
/** Short enough that no lane hangs on one. */
const waits = ['0', '0.01', '0.05', '-1', '3601', 'x', '', '1e9']
const hostile = [
  '..', '../..', '%2e%2e', '%2e%2e%2fconfig', '%00', 'fig%00', '%ff%fe', '%', '%zz', '%c0%ae', '__proto__', 'constructor', 'toString', '[]', '{}', 'null',
  '<script>alert(1)</script>', '\';--', '$(id)', '`id`', '$' + '{jndi:ldap://x}', '(a+)+$', '[', '(?=x)', '^$', '.*', 'a{1,1000}', '\\', '\u202e', '🦊', 'ﬀ', 'é'.normalize('NFD'),
  'x'.repeat(65), 'x'.repeat(300), 'x'.repeat(2_000), '-', '.', ':', '*', 'fig/daemonstate', 'fig%2Fdaemonstate', '1;2', '&', '=', '#', '?',
]
const keys = ['an-operators-key', 'a-key-for-readers']
const contentTypes = ['application/json', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8', 'text/plain', 'application/xml', 'multipart/form-data; boundary=x', '', 'application/json;;', 'APPLICATION/JSON', '*/*']
const otherMethods = ['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'OPTIONS', 'HEAD']
const strangePaths = ['/', '//', '/api', '/api/v1', '/api/v1/', '/api/v2/node', '/API/V1/NODE', '/api/v1//node', '/api/v1/node/', '/health', '/role/', '/role/tertiary', '/metrics/', '/openapi.json', '/.git/config', '/api/v1/node/fig/', '/api/v1/node/fig/presence', '/api/v1/login', '*', 'http://x/api/v1/node', '/%61pi/v1/node']
/** Reading them to the end would take for ever, or is not this API's own text. */
const endless = /\/events/

export class RequestFuzzer {
  #state: number
  readonly #operations: ReadonlyArray<{ readonly path: string, readonly method: string, readonly operation: Operation }>

  /** @param writes whether to make the requests that may change something, or only those that may not */
  constructor (seed: number, writes: boolean) {
    this.#state = seed >>> 0 || 1
    this.#operations = Object.entries(described.paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).filter(([method]) => (method === 'post') === writes).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })))
  }

  static isEndless (request: FuzzedRequest): boolean {
    return request.method === 'GET' && endless.test(request.target)
  }

  next (): FuzzedRequest {
    const { path, method: usual, operation } = this.#pick(this.#operations)
    const isWrite = usual === 'POST'
    const method = this.#chance(0.03) ? this.#pick(otherMethods) : usual
    const parameters = operation.parameters ?? []
    const target = this.#chance(0.04) && !isWrite ? this.#pick(strangePaths) : `${this.#path(path)}${this.#query(parameters)}`
    const headers = this.#headers(parameters, isWrite)
    const body = method === 'POST' || this.#chance(0.01) ? this.#body(operation) : ''
    if (body !== '') headers.push(`Content-Type: ${this.#contentType(operation)}`)
    if (body !== '' || method === 'POST') headers.push(`Content-Length: ${Buffer.byteLength(body)}`)
    const text = Buffer.from(`${method} ${target.replaceAll(' ', '%20')} HTTP/1.1\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`)
    const isMangled = this.#chance(0.01)
    const isForeign = headers.some((line) => foreignPages.includes(line))
    return { method, target, text: isMangled ? this.#mangled(text) : text, isMangled, isForeign }
  }

  manner (): Manner {
    return this.#chance(0.85) ? 'whole' : this.#pick(manners)
  }

  /** A whole number from 1 to `most`. */
  upTo (most: number): number {
    return 1 + Math.floor(this.#random() * most)
  }

  /** From 0 inclusive to 1 exclusive: a xorshift of 32 bits. */
  #random (): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state / 4_294_967_296
  }

  #chance (share: number): boolean { return this.#random() < share }
  #pick<T> (list: readonly T[]): T { return list[Math.floor(this.#random() * list.length)] as T }

  #path (path: string): string {
    return path.replace(/\{(\w+)\}/g, (_all, name: string) => {
      if (this.#chance(0.15)) return this.#encoded(this.#pick(hostile))
      return name === 'epoch' ? this.#pick(numbers) : this.#pick(nodes)
    })
  }

  #encoded (text: string): string {
    return this.#chance(0.5) ? encodeURIComponent(text) : [...text].map((char) => /[\x21-\x7e]/.test(char) && !'#?'.includes(char) ? char : encodeURIComponent(char)).join('')
  }

  #query (parameters: NonNullable<Operation['parameters']>): string {
    const parts: string[] = []
    for (const { name, schema } of parameters.filter((parameter) => parameter.in === 'query')) {
      // What has to ask ZooKeeper is rare, so that an outage does not slow everything down.
      if (!this.#chance(name === 'consistent' ? 0.01 : name === 'state' ? 0.8 : 0.3)) continue
      parts.push(`${name}=${this.#encoded(this.#value(name, schema))}`)
      if (this.#chance(0.03)) parts.push(`${name}=${this.#encoded(this.#value(name, schema))}`)
    }
    if (this.#chance(0.05)) parts.push(`${this.#encoded(this.#pick(hostile))}=${this.#encoded(this.#pick(hostile))}`)
    return parts.length === 0 ? '' : `?${parts.join('&')}`
  }

  #value (name: string, schema: Schema): string {
    if (name === 'wait') return this.#pick(waits)
    if (this.#chance(0.15)) return this.#pick(hostile)
    if (schema.enum !== undefined && this.#chance(0.8)) return String(this.#pick(schema.enum))
    if (schema.type === 'integer' || schema.type === 'number') return this.#pick(numbers)
    return this.#pick(this.#chance(0.5) ? words : nodes)
  }

  #headers (parameters: NonNullable<Operation['parameters']>, isWrite: boolean): string[] {
    const lines = this.#chance(0.02) ? [] : ['Host: x']
    if (this.#chance(0.93)) lines.push(`X-Api-Key: ${this.#chance(0.95) ? this.#chance(isWrite ? 0.95 : 0.5) ? keys[0] : keys[1] : this.#latin(this.#pick(hostile))}`)
    for (const { name } of parameters.filter((parameter) => parameter.in === 'header')) {
      if (this.#chance(0.2)) lines.push(`${name}: ${this.#pick(['*', '"x"', 'W/"1.1", "2.0"', '"0.1"', '1', 'ffffffffffffffff', '0000000000000001', this.#latin(this.#pick(hostile))])}`)
    }
    if (this.#chance(0.06)) lines.push(this.#pick(this.#chance(0.7) ? foreignPages : ownPages))
    if (this.#chance(0.05)) lines.push(`X-Request-Id: ${this.#latin(this.#pick(hostile))}`)
    if (this.#chance(0.02)) lines.push(`${this.#pick(['Accept', 'Accept-Encoding', 'Cookie', 'Origin', 'X-Forwarded-For', 'Expect', 'Range', 'Upgrade', 'If-Modified-Since'])}: ${this.#latin(this.#pick(hostile))}`)
    if (this.#chance(0.001)) lines.push(`X-Filler: ${'y'.repeat(20_000)}`)
    return lines
  }

  #latin (text: string): string { return text.replace(/[^\x20-\x7e]/g, '?') }

  #contentType (operation: Operation): string {
    return this.#chance(0.9) ? Object.keys(operation.requestBody?.content ?? { 'application/json': 0 })[0] ?? 'application/json' : this.#pick(contentTypes)
  }

  #body (operation: Operation): string {
    const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
    if (this.#chance(0.002)) return JSON.stringify({ to: 'x'.repeat(70_000) })
    if (this.#chance(0.03)) return '['.repeat(20_000)
    if (type === undefined || this.#chance(0.05)) return this.#pick(['{', '[]', '"x"', 'null', '1e999', '{"to":"fig"', '{"__proto__":{"to":"fig"}}', '{"to":"fig","to":"plum"}', '\u0000', 'state=primary&state=secondary', '%%%', '{"constructor":{}}'])
    const properties = content?.schema.properties ?? {}
    const given = Object.fromEntries(Object.entries({ to: {}, from: {}, reason: {}, timeout: { type: 'number' }, confirm: {}, ...properties })
      .filter(([name]) => this.#chance(name in properties || name === 'to' || name === 'confirm' ? 0.45 : 0.1)).map(([name, schema]) => [name, this.#member(schema as Schema)]))
    if (type === 'application/json') return JSON.stringify(given)
    return this.#chance(0.7) ? '' : new URLSearchParams({ state: this.#pick(words) }).toString()
  }

  #member (schema: Schema): unknown {
    if (this.#chance(0.1)) return this.#pick<unknown>([null, true, 7, -1, [], {}, [[[]]], '', this.#pick(hostile), { to: 'fig' }])
    return schema.type === 'number' ? this.#pick([1, 30, 60, 3600, 0, -1, 1e9, 0.5]) : this.#pick(nodes)
  }

  /** A byte changed, left out or put in, or the end left out. */
  #mangled (text: Buffer): Buffer {
    const at = Math.floor(this.#random() * text.length)
    const byte = Buffer.from([Math.floor(this.#random() * 256)])
    switch (Math.floor(this.#random() * 4)) {
      case 0: return Buffer.concat([text.subarray(0, at), byte, text.subarray(at + 1)])
      case 1: return Buffer.concat([text.subarray(0, at), text.subarray(at + 1)])
      case 2: return Buffer.concat([text.subarray(0, at), byte, text.subarray(at)])
      default: return text.subarray(0, at)
    }
  }
}
