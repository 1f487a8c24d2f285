/**
 * A connection whose paths begin at a znode of the ensemble, the chroot: `/nodes` is `/clusters/a/nodes` on the servers, in every request and every event.
 * Several clusters share an ensemble so, and none can name a znode of another.
 *
 * Guarantees: what `connection.ts` promises, and that the chroot exists when `connected` is told. Where it is missing it is made, with what is missing above it; several
 * clients may do so at once. A chroot that is denied, or deleted later, ends the connection with `failed` and the reason. An error that the servers gave names the path
 * as they have it, with the chroot.
 * Does not guarantee that a deletion is heard of where the access list of the chroot denies its reading.
 */
import { checkPath } from './arguments.ts'
import type { Chroot, Connection, ConnectionEvent, ConnectionOptions, Connector, CreateFlags, NewZnode, Stat, WriteGuard, ZnodeVersion } from './connection.ts'
import { ZooKeeperError, hasCode, isLinkFailure, isNoNode, isNodeExists, isZooKeeperError } from './errors.ts'
import { parentPath } from './paths.ts'

const PERSISTENT: CreateFlags = { ephemeral: false, sequential: false }

/** A connector that takes `ConnectionOptions.chroot`, over one that knows none. Without a chroot it is that connector. */
export function chrooted (connector: Connector): Connector {
  return ({ chroot, ...options }) => chroot === undefined || chroot.path === '/' ? connector(options) : new ChrootedConnection(connector, options, chroot)
}

class ChrootedConnection implements Connection {
  readonly #inner: Connection
  readonly #emit: ConnectionOptions['onEvent']
  readonly #chroot: Chroot
  /** `connected` has been told: from here on every event is. */
  #entered = false
  /** Of the connections that the servers have taken; what an earlier one brought is dropped. */
  #attempt = 0
  /** The deletion of the chroot will be heard of. */
  #watched = false
  /** The user of this connection watches the data of `/`, as this does for itself. */
  #isRootAsked = false
  /** Terminal. */
  #over = false

  constructor (connector: Connector, options: Omit<ConnectionOptions, 'chroot'>, chroot: Chroot) {
    checkPath('connect', chroot.path)
    this.#chroot = chroot
    this.#emit = options.onEvent
    this.#inner = connector({ ...options, onEvent: (event) => this.#hear(event) })
  }

  get watchBytes (): number { return this.#inner.watchBytes }

  #hear (event: ConnectionEvent): void {
    if (this.#over) return
    switch (event.type) {
      case 'connected':
        this.#attempt++
        if (!this.#entered) return void this.#enter(event)
        this.#emit(event)
        if (!this.#watched) void this.#watch()
        break
      case 'disconnected':
        this.#attempt++
        if (this.#entered) this.#emit(event)
        break
      case 'expired':
      case 'failed':
        this.#over = true
        this.#emit(event)
        break
      case 'watch':
        // What is heard before the beginning is of the chroot itself, which is looked for again.
        if (!this.#entered) return
        if (event.path === this.#chroot.path && event.kind !== 'children') {
          if (event.kind === 'deleted') return this.#fail(this.#deleted())
          void this.#watch()
          if (!this.#isRootAsked) return
          this.#isRootAsked = false
        }
        this.#emit({ ...event, path: this.#inside(event.path) })
        break
      default: event satisfies never
    }
  }

  async #enter (connected: ConnectionEvent): Promise<void> {
    const attempt = this.#attempt
    const failure: unknown = await this.#ensure().then(() => null, (error: unknown) => error)
    if (this.#over || attempt !== this.#attempt) return
    if (failure === null) {
      this.#entered = true
      this.#watched = true
      this.#emit(connected)
    } else if (!isLinkFailure(failure)) {
      this.#fail(failure)
    }
    // After a failure of the link comes another connection, or the end.
  }

  /** The chroot exists, and its deletion will be heard of. */
  async #ensure (): Promise<void> {
    const { path, create } = this.#chroot
    const isThere = async (): Promise<boolean> => await this.#inner.exists(path, true) !== null
    while (!await isThere()) {
      if (!create) throw this.#deleted()
      try {
        await this.#make(path)
      } catch (error) {
        // Another client, with the right to, may have made it meanwhile.
        if (hasCode(error, 'chroot_denied') && await isThere()) return
        throw error
      }
    }
  }

  async #make (path: string): Promise<void> {
    try {
      await this.#inner.create(path, '', PERSISTENT)
    } catch (error) {
      if (isNodeExists(error)) return
      if (hasCode(error, 'no_auth')) throw new ZooKeeperError('chroot_denied', { op: 'create', path, zkCode: error.zkCode, cause: error })
      if (!isNoNode(error)) throw error
      await this.#make(parentPath(path))
      await this.#make(path)
    }
  }

  async #watch (): Promise<void> {
    this.#watched = false
    try {
      const found = await this.#inner.exists(this.#chroot.path, true)
      if (this.#over) return
      if (found === null) this.#fail(this.#deleted())
      else this.#watched = true
    } catch (error) {
      // Asked again with the next connection.
      if (!this.#over && !isLinkFailure(error)) this.#fail(error)
    }
  }

  #deleted (): ZooKeeperError {
    return new ZooKeeperError('chroot_deleted', { op: 'exists', path: this.#chroot.path })
  }

  /** Closing may block the process: the user of the connection, which may hold something, is told first. */
  #fail (error: unknown): void {
    this.#over = true
    this.#emit({ type: 'failed', error: isZooKeeperError(error) ? error : new ZooKeeperError('unknown', { op: 'connect', cause: error }) })
    this.#inner.close()
  }

  /** As the servers have it. Nothing but a valid path is prefixed: it could else name a znode beside the chroot. */
  #outside (path: string): string {
    return path === '/' ? this.#chroot.path : `${this.#chroot.path}${path}`
  }

  #inside (path: string): string {
    return path === this.#chroot.path ? '/' : path.slice(this.#chroot.path.length)
  }

  async get (path: string, watch: boolean, maxLength?: number): Promise<{ data: string, stat: Stat }> {
    checkPath('get', path)
    const found = await this.#inner.get(this.#outside(path), watch, maxLength)
    if (path === '/') this.#isRootAsked ||= watch
    return found
  }

  async exists (path: string, watch: boolean): Promise<Stat | null> {
    checkPath('exists', path)
    const found = await this.#inner.exists(this.#outside(path), watch)
    if (path === '/') this.#isRootAsked ||= watch
    return found
  }

  async children (path: string, watch: boolean): Promise<{ names: string[], stat: Stat }> {
    checkPath('children', path)
    return await this.#inner.children(this.#outside(path), watch)
  }

  async create (path: string, data: string, flags: CreateFlags): Promise<string> {
    checkPath('create', path)
    return this.#inside(await this.#inner.create(this.#outside(path), data, flags))
  }

  async createAll (znodes: readonly NewZnode[]): Promise<void> {
    for (const { path } of znodes) checkPath('create', path)
    await this.#inner.createAll(znodes.map((znode) => ({ ...znode, path: this.#outside(znode.path) })))
  }

  async set (path: string, data: string, version: number): Promise<Stat> {
    checkPath('set', path)
    return await this.#inner.set(this.#outside(path), data, version)
  }

  async setGuarded (path: string, data: string, version: number, { unchanged, absent }: WriteGuard): Promise<void> {
    for (const each of [path, ...unchanged.map((znode) => znode.path), ...absent]) checkPath('set', each)
    await this.#inner.setGuarded(this.#outside(path), data, version, { unchanged: unchanged.map((each) => ({ ...each, path: this.#outside(each.path) })), absent: absent.map((each) => this.#outside(each)) })
  }

  async delete (path: string, version: number): Promise<void> {
    checkPath('delete', path)
    await this.#inner.delete(this.#outside(path), version)
  }

  async deleteAll (znodes: readonly ZnodeVersion[], unchanged: readonly ZnodeVersion[]): Promise<void> {
    for (const { path } of [...znodes, ...unchanged]) checkPath('delete', path)
    const outside = (each: ZnodeVersion): ZnodeVersion => ({ ...each, path: this.#outside(each.path) })
    await this.#inner.deleteAll(znodes.map(outside), unchanged.map(outside))
  }

  async sync (path: string): Promise<void> {
    checkPath('sync', path)
    await this.#inner.sync(this.#outside(path))
  }

  close (): void {
    this.#over = true
    this.#inner.close()
  }
}
