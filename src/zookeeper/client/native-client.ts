/**
 * The part of the `zookeeper` package that is used, declared as it really behaves: the package's own declarations are
 * wrong in several places (`client_id` is a string, `ctime` a Date), and its promise methods put payloads into error
 * messages. Only the callback methods are used; they give numeric codes. Nothing but `native.ts` imports this.
 */
import { createRequire } from 'node:module'
import { ERROR_CODES, ZooKeeperError } from './errors.ts'

export interface NativeStat {
  readonly version: number
  readonly cversion: number
  /** Transaction numbers come as doubles: exact up to 2^53, which two million leader elections do not reach. */
  readonly czxid: number
  readonly mzxid: number
  readonly pzxid: number
  readonly ctime: Date
  readonly mtime: Date
  /** Hexadecimal, `'0'` for a persistent znode. */
  readonly ephemeralOwner: string
  readonly numChildren: number
  readonly dataLength: number
}

export type Completion<T extends unknown[]> = (code: number, message: string, ...result: T) => void

export interface NativeConfig {
  readonly connect: string
  /** Milliseconds. */
  readonly timeout: number
  readonly debug_level: number
  readonly host_order_deterministic: boolean
  readonly response_counter_limit: number
}

/** All of them return 0, or a negative code when nothing was sent; then the callback is never called. */
export interface NativeOperations {
  a_get (path: string, watch: boolean, done: Completion<[NativeStat | null, Buffer | null]>): number
  a_exists (path: string, watch: boolean, done: Completion<[NativeStat | null]>): number
  a_get_children2 (path: string, watch: boolean, done: Completion<[string[] | null, NativeStat | null]>): number
  a_create (path: string, data: Buffer, flags: number, done: Completion<[string]>): number
  a_create_all (paths: readonly string[], data: readonly Buffer[], flags: readonly number[], done: Completion<[]>): number
  /** The first `checked` paths are only to be at their version. */
  a_set_guarded (path: string, data: Buffer, version: number, unchanged: readonly string[], versions: readonly number[], absent: readonly string[], done: Completion<[]>): number
  a_delete_all (paths: readonly string[], versions: readonly number[], checked: number, done: Completion<[]>): number
  a_set (path: string, data: Buffer, version: number, done: Completion<[NativeStat | null]>): number
  a_delete_ (path: string, version: number, done: Completion<[]>): number
  a_sync (path: string, done: Completion<[string]>): number
}

export interface NativeClient extends Omit<NativeOperations, 'a_create_all' | 'a_delete_all' | 'a_set_guarded'> {
  on (event: 'connect' | 'connecting', listener: () => void): this
  on (event: 'close', listener: (client: unknown, code: number) => void): this
  on (event: 'created' | 'deleted' | 'changed' | 'child' | 'notwatching', listener: (client: unknown, path: string) => void): this
  init (config: object): this
  close (): void
  readonly state: number
  readonly client_id: string
  /** Negotiated, in milliseconds. */
  readonly timeout: number
  /**
   * `a_create_all`, `a_delete_all` and `a_set_guarded` are of our patch. The others are what the package's own methods of the same names pass everything on to, unchanged, after they have put it into words for a log that is not
   * kept: a tenth of what a request costs this process.
   */
  readonly native: NativeOperations
}

export type NativeClientConstructor = new (config: NativeConfig) => NativeClient

let loaded: NativeClientConstructor | null = null

/** Loads the package when it is first wanted, so that a program which cannot load it can say so. Throws `client_not_loaded`. */
export function nativeZooKeeper (): NativeClientConstructor {
  if (loaded !== null) return loaded
  try {
    loaded = createRequire(import.meta.url)('zookeeper') as NativeClientConstructor
    return loaded
  } catch (error) {
    throw new ZooKeeperError('client_not_loaded', { op: 'connect', detail: whyNotLoaded(error), cause: error })
  }
}

/** Why no session can be made with the package of this installation, whatever the servers; null if one can. */
export function clientFault (): { readonly code: 'client_not_loaded' | 'client_unpatched', readonly message: string } | null {
  try {
    const client = new (nativeZooKeeper())({ connect: '', timeout: 0, debug_level: 0, host_order_deterministic: true, response_counter_limit: 1 })
    return isPatched(client) ? null : { code: 'client_unpatched', message: ERROR_CODES.client_unpatched }
  } catch (error) {
    return { code: 'client_not_loaded', message: `${ERROR_CODES.client_not_loaded} (${whyNotLoaded(error instanceof ZooKeeperError ? error.cause : error)})` }
  }
}

function whyNotLoaded (error: unknown): string {
  const [why = ''] = String(error instanceof Error ? error.message : error).split('\n', 1)
  return `Node ${process.version}, ABI ${process.versions.modules}, ${process.arch}: ${why.replace(/\.$/, '')}`
}

/**
 * Whether the package was built with `patches/zookeeper.patch`, as it is now. Without it the native client leaves libuv polling numbers of
 * descriptors that it has closed; the next socket or pipe of this process that gets such a number may then hang for ever,
 * or the process ends with SIGABRT or SIGSEGV. It has no transactions either, and takes whatever answers for a session: zeros, a web server's error, an echo.
 */
export function isPatched (client: object): boolean {
  const { native } = client as { native?: { a_create_all?: unknown, a_delete_all?: unknown, a_set_guarded?: unknown, constructor: { POLLS_DUPLICATE?: unknown, CHECKS_CONNECT_RESPONSE?: unknown } } }
  return native?.constructor.POLLS_DUPLICATE === true && native.constructor.CHECKS_CONNECT_RESPONSE === true && [native.a_create_all, native.a_delete_all, native.a_set_guarded].every((operation) => typeof operation === 'function')
}

/** `state` right after `init` while a connection is being made; 0 if that has failed already. */
export const STATE_CONNECTING = 1
export const EXPIRED = -112
export const AUTH_REQUIRED = -124
export const NO_NODE = -101
export const EPHEMERAL = 1
export const SEQUENTIAL = 2
