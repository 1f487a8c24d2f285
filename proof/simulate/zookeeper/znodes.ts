/** The znodes of one server: a tree that transactions change one after the other, each in the same way on every server. */
import type { NewZnode, Stat, WatchKind, WriteGuard, ZnodeVersion } from '../../../src/zookeeper/client/connection.ts'
import { parentPath } from '../../../src/zookeeper/client/paths.ts'

export type Change =
  | { readonly op: 'create', readonly path: string, readonly data: string, readonly ephemeral: boolean, readonly sequential: boolean }
  | { readonly op: 'create_all', readonly znodes: readonly NewZnode[] }
  | { readonly op: 'set_guarded', readonly path: string, readonly data: string, readonly version: number } & WriteGuard
  | { readonly op: 'delete_all', readonly znodes: readonly ZnodeVersion[], readonly unchanged: readonly ZnodeVersion[] }
  | { readonly op: 'set', readonly path: string, readonly data: string, readonly version: number }
  | { readonly op: 'delete', readonly path: string, readonly version: number }
  | { readonly op: 'open_session' }
  | { readonly op: 'close_session' }
  /** Changes nothing, and is as ordered as everything else. */
  | { readonly op: 'sync' }

export interface Transaction {
  readonly zxid: number
  /** Milliseconds since 1970 on the leader's clock. */
  readonly time: number
  readonly session: string
  readonly change: Change
  /** Tells the server that asked for it that this is the answer. */
  readonly tag: number
  /** An access list forbids it: it changes nothing. */
  readonly denied?: boolean
}

export interface Fired {
  readonly kind: WatchKind
  readonly path: string
}

/** What a transaction has come to; `code` is ZooKeeper's, 0 for done. */
export interface Effect {
  readonly code: number
  readonly path: string
  readonly stat: Stat | null
  readonly events: readonly Fired[]
}

interface Znode {
  data: string
  version: number
  cversion: number
  /** Children that there have been: what sequential ones are numbered by. */
  born: number
  readonly czxid: number
  mzxid: number
  pzxid: number
  readonly ctime: number
  mtime: number
  readonly owner: string
  readonly children: Set<string>
}

const NO_NODE = -101
const NO_AUTH = -102
const BAD_VERSION = -103
const NO_CHILDREN_FOR_EPHEMERALS = -108
const NODE_EXISTS = -110
const NOT_EMPTY = -111
const SESSION_EXPIRED = -112

const hex = (zxid: number): string => zxid.toString(16).padStart(16, '0')
const pathOf = (change: Exclude<Change, { op: 'open_session' | 'close_session' | 'sync' }>): string => change.op === 'create_all' || change.op === 'delete_all' ? change.znodes[0]?.path ?? '' : change.path
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

export class Znodes {
  readonly #znodes = new Map<string, Znode>()
  readonly #ephemerals = new Map<string, Set<string>>()
  /** Sessions that are open. */
  readonly #sessions = new Set<string>()
  /** The newest transaction seen. */
  zxid = 0

  constructor () {
    this.#znodes.set('/', { data: '', version: 0, cversion: 0, born: 0, czxid: 0, mzxid: 0, pzxid: 0, ctime: 0, mtime: 0, owner: '0', children: new Set() })
  }

  get (path: string): { data: string, stat: Stat } | null {
    const znode = this.#znodes.get(path)
    return znode === undefined ? null : { data: znode.data, stat: statOf(znode) }
  }

  children (path: string): string[] | null {
    const znode = this.#znodes.get(path)
    return znode === undefined ? null : [...znode.children]
  }

  isOpen (session: string): boolean { return this.#sessions.has(session) }

  apply (transaction: Transaction): Effect {
    this.zxid = transaction.zxid
    const { change, session, denied } = transaction
    if (denied === true && change.op !== 'sync' && change.op !== 'open_session' && change.op !== 'close_session') return failed(pathOf(change), NO_AUTH)
    switch (change.op) {
      case 'sync': return done('', null, [])
      case 'open_session':
        this.#sessions.add(session)
        return done('', null, [])
      case 'close_session': return this.#close(transaction)
      default: return this.#sessions.has(session) ? this.#write(transaction) : failed(pathOf(change), SESSION_EXPIRED)
    }
  }

  #write (transaction: Transaction): Effect {
    const { change } = transaction
    switch (change.op) {
      case 'create': return this.#create(transaction, change)
      case 'create_all': return this.#createAll(transaction, change.znodes)
      case 'delete_all': return this.#deleteAll(transaction, change)
      case 'set': return this.#set(transaction, change)
      case 'set_guarded': return this.#setGuarded(transaction, change)
      case 'delete': return this.#delete(transaction, change.path, change.version)
      default: throw new Error(`${change.op} is not a write`)
    }
  }

  #create ({ zxid, time, session }: Transaction, { path: wanted, data, ephemeral, sequential }: Extract<Change, { op: 'create' }>): Effect {
    const above = parentPath(wanted)
    const parent = this.#znodes.get(above)
    if (parent === undefined) return failed(wanted, NO_NODE)
    const path = sequential ? `${wanted}${String(parent.born).padStart(10, '0')}` : wanted
    if (this.#znodes.has(path)) return failed(path, NODE_EXISTS)
    if (parent.owner !== '0') return failed(path, NO_CHILDREN_FOR_EPHEMERALS)
    const znode: Znode = { data, version: 0, cversion: 0, born: 0, czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: time, mtime: time, owner: ephemeral ? session : '0', children: new Set() }
    this.#znodes.set(path, znode)
    parent.born++
    this.#childrenChanged(parent, zxid).add(nameOf(path))
    if (ephemeral) this.#ephemeralsOf(session).add(path)
    return done(path, statOf(znode), [{ kind: 'created', path }, { kind: 'children', path: above }])
  }

  /** Refused before anything is made. */
  #createAll (transaction: Transaction, znodes: readonly NewZnode[]): Effect {
    const isEphemeral = new Map<string, boolean>()
    for (const { path, ephemeral } of znodes) {
      const [above, parent] = [parentPath(path), this.#znodes.get(parentPath(path))]
      if (parent === undefined && !isEphemeral.has(above)) return failed(path, NO_NODE)
      if (this.#znodes.has(path) || isEphemeral.has(path)) return failed(path, NODE_EXISTS)
      if (isEphemeral.get(above) ?? parent?.owner !== '0') return failed(path, NO_CHILDREN_FOR_EPHEMERALS)
      isEphemeral.set(path, ephemeral)
    }
    const effects = znodes.map((znode) => this.#create(transaction, { op: 'create', ...znode, sequential: false }))
    return done('', null, effects.flatMap(({ events }) => events))
  }

  #set ({ zxid, time }: Transaction, { path, data, version }: Extract<Change, { op: 'set' }>): Effect {
    const znode = this.#znodes.get(path)
    if (znode === undefined) return failed(path, NO_NODE)
    if (version !== -1 && version !== znode.version) return failed(path, BAD_VERSION)
    Object.assign(znode, { data, version: znode.version + 1, mzxid: zxid, mtime: time })
    return done(path, statOf(znode), [{ kind: 'changed', path }])
  }

  #delete ({ zxid }: Pick<Transaction, 'zxid'>, path: string, version: number): Effect {
    const znode = this.#znodes.get(path)
    if (znode === undefined) return failed(path, NO_NODE)
    if (version !== -1 && version !== znode.version) return failed(path, BAD_VERSION)
    if (znode.children.size > 0) return failed(path, NOT_EMPTY)
    const above = parentPath(path)
    const parent = this.#znodes.get(above)
    this.#znodes.delete(path)
    if (parent !== undefined) this.#childrenChanged(parent, zxid).delete(nameOf(path))
    this.#ephemerals.get(znode.owner)?.delete(path)
    return done(path, null, [{ kind: 'deleted', path }, { kind: 'children', path: above }])
  }

  /** Refused before anything is written. What has to be absent is made and deleted again. */
  #setGuarded (transaction: Transaction, { unchanged, absent, ...change }: Extract<Change, { op: 'set_guarded' }>): Effect {
    for (const { path, version } of [...unchanged, change]) {
      const znode = this.#znodes.get(path)
      if (znode === undefined) return failed(path, NO_NODE)
      if (version !== -1 && version !== znode.version) return failed(path, BAD_VERSION)
    }
    for (const path of absent) {
      const parent = this.#znodes.get(parentPath(path))
      if (parent === undefined) return failed(path, NO_NODE)
      if (this.#znodes.has(path)) return failed(path, NODE_EXISTS)
      if (parent.owner !== '0') return failed(path, NO_CHILDREN_FOR_EPHEMERALS)
    }
    const passing = absent.flatMap((path) => [this.#create(transaction, { op: 'create', path, data: '', ephemeral: false, sequential: false }), this.#delete(transaction, path, -1)])
    return done('', null, [...passing.flatMap(({ events }) => events), ...this.#set(transaction, { ...change, op: 'set' }).events])
  }

  /** Refused before anything is deleted. */
  #deleteAll (transaction: Transaction, { znodes, unchanged }: Extract<Change, { op: 'delete_all' }>): Effect {
    const gone = new Set<string>()
    for (const [at, { path, version }] of [...unchanged, ...znodes].entries()) {
      const znode = this.#znodes.get(path)
      if (znode === undefined || gone.has(path)) return failed(path, NO_NODE)
      if (version !== -1 && version !== znode.version) return failed(path, BAD_VERSION)
      if (at < unchanged.length) continue
      if ([...znode.children].some((name) => !gone.has(`${path}/${name}`))) return failed(path, NOT_EMPTY)
      gone.add(path)
    }
    return done('', null, znodes.flatMap(({ path }) => this.#delete(transaction, path, -1).events))
  }

  #close (transaction: Transaction): Effect {
    const { session } = transaction
    this.#sessions.delete(session)
    const events = [...this.#ephemerals.get(session) ?? []].flatMap((path) => this.#delete(transaction, path, -1).events)
    this.#ephemerals.delete(session)
    return done('', null, events)
  }

  #childrenChanged (parent: Znode, zxid: number): Set<string> {
    parent.cversion++
    parent.pzxid = zxid
    return parent.children
  }

  #ephemeralsOf (session: string): Set<string> {
    const paths = this.#ephemerals.get(session) ?? new Set<string>()
    this.#ephemerals.set(session, paths)
    return paths
  }
}

const done = (path: string, stat: Stat | null, events: readonly Fired[]): Effect => ({ code: 0, path, stat, events })
const failed = (path: string, code: number): Effect => ({ code, path, stat: null, events: [] })

function statOf ({ data, version, cversion, czxid, mzxid, pzxid, ctime, mtime, owner, children }: Znode): Stat {
  return Object.freeze({
    version, cversion, czxid: hex(czxid), mzxid: hex(mzxid), pzxid: hex(pzxid), ctime, mtime, ephemeralOwner: owner, numChildren: children.size, dataLength: Buffer.byteLength(data),
  })
}
