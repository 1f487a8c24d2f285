/**
 * A whole cluster of processes on a private ZooKeeper: coordinators with visible resources, and an API beside each that is wanted. Lives in
 * a temporary folder and on free ports of 127.0.0.1; `close` ends everything and leaves nothing behind.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { DaemonProcess, packageFolder, type DaemonProcessOptions, type LogLine } from './daemon-process.ts'
import { ZooKeeperServer, type ZooKeeperServerOptions } from './zookeeper-server.ts'

export interface ClusterOptions {
  readonly nodes: readonly string[]
  /** Resources of every coordinator; `exclusive` ones by default, which record every collision. */
  readonly resources?: readonly string[]
  /** What is different about each of them, given the cluster's folder. */
  readonly resourceSettings?: (folder: string) => Readonly<Record<string, unknown>>
  /** Seconds; also what the tests shorten. */
  readonly sessionTimeout?: number
  readonly coordinator?: Readonly<Record<string, unknown>>
  readonly keepaliveInterval?: number
  /** The znode under which everything is; the root of the ensemble unless given. */
  readonly chroot?: string
  /** A server, or what one of the cluster's own is to be like. */
  readonly zookeeper?: ZooKeeperServerOptions | ZooKeeperServer
  /** Whether the log of each daemon is in a file too, beside its configuration and with its name. */
  readonly logFiles?: boolean
  /** More of the section `system`, given the cluster's folder. */
  readonly system?: (folder: string) => Readonly<Record<string, unknown>>
}

/** Folders that are still in use; whatever ends this process, they go with it. */
const folders = new Set<string>()
process.on('exit', () => { for (const folder of folders) rmSync(folder, { recursive: true, force: true }) })

export class Cluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'pvc-cluster-'))
  readonly zookeeper: ZooKeeperServer
  readonly nodes = new Map<string, DaemonProcess>()
  readonly apis = new Map<string, DaemonProcess>()
  readonly #options: ClusterOptions

  constructor (options: ClusterOptions) {
    folders.add(this.folder)
    this.#options = options
    this.zookeeper = options.zookeeper instanceof ZooKeeperServer ? options.zookeeper : new ZooKeeperServer(options.zookeeper)
  }

  /** Starts ZooKeeper, unless it runs, and a coordinator for each node. */
  async start (): Promise<this> {
    await this.zookeeper.start()
    for (const name of this.#options.nodes) this.startNode(name)
    await Promise.all(this.#options.nodes.map(async (name) => await this.nodes.get(name)?.logged((line) => line.msg === 'registered')))
    return this
  }

  /**
   * @param changes sections of `pvc` that differ from the other nodes'
   * @param options of its process
   */
  startNode (name: string, changes: Readonly<Record<string, unknown>> = {}, options: DaemonProcessOptions = {}): DaemonProcess {
    const { sessionTimeout = 4, coordinator = {}, keepaliveInterval = 1 } = this.#options
    const pvc: Record<string, unknown> = {
      node: name,
      mode: 'coordinator',
      coordinators: [this.zookeeper.connectString],
      zookeeper: { session_timeout: sessionTimeout, ...this.#chroot },
      coordinator: {
        resources: this.resourceSettings(this.#resources),
        ...coordinator,
      },
      system: { intervals: { keepalive_interval: keepaliveInterval, fence_intervals: 6 }, ...this.#options.system?.(this.folder) },
      ...changes,
    }
    const file = this.#configuration(`pvcnoded-${name}`, { ...pvc, system: { run_directory: join(this.folder, 'run'), ...pvc['system'] as object } })
    const daemon = new DaemonProcess('pvcnoded', name, file, { ...this.#logFile(file), ...options })
    this.nodes.set(name, daemon)
    return daemon
  }

  /** The settings of these resources, as every node has them unless it is started with others. */
  resourceSettings (names: readonly string[]): readonly object[] {
    const command = ['sh', join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh'), this.folder]
    return names.map((name) => ({ name, type: 'command', acquire: command, release: command, acquire_timeout: 10, release_timeout: 1, ...this.#options.resourceSettings?.(this.folder) }))
  }

  /** The configuration file of a node that was started. */
  configurationOf (name: string): string { return join(this.folder, `pvcnoded-${name}.yaml`) }

  /** `pvcnoded --release` with the configuration of a node that was started; resolves with its exit code and its log. */
  async release (name: string): Promise<{ code: number | null, log: readonly LogLine[] }> {
    const run = new DaemonProcess('pvcnoded', `${name} --release`, this.configurationOf(name), { more: ['--release'] })
    return { code: await run.exited(), log: run.log }
  }

  /**
   * An API for `name`; resolves with its base URL once it listens.
   * @param zookeeper by which addresses, if not the server's own
   * @param api more of the section `api`
   */
  async startApi (name: string, port = 0, zookeeper: readonly string[] = [this.zookeeper.connectString], api: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const file = this.#configuration(`pvcapid-${name}`, {
      node: name,
      coordinators: zookeeper,
      zookeeper: { session_timeout: this.#options.sessionTimeout ?? 4, ...this.#chroot },
      api: { listen_address: '127.0.0.1', listen_port: port, ...api },
    })
    const daemon = new DaemonProcess('pvcapid', `api-${name}`, file, this.#logFile(file))
    this.apis.set(name, daemon)
    const line = await daemon.logged((line) => line.msg === 'ready')
    return `${line['tls'] === true ? 'https' : 'http'}://127.0.0.1:${String(line['port'])}`
  }

  /** Acquisitions of what another node held: each is a failure of everything this project is for. */
  collisions (): readonly string[] { return this.notes('collisions') }

  /** Every acquisition and release, in order: `epoch node action resource`. */
  effects (): readonly string[] { return this.notes('effects') }

  /** Who holds `resource`, or null. */
  holder (resource: string): string | null {
    return this.#text(`${resource}.holder`)?.trim() ?? null
  }

  /** Takes from `name` what it holds, as if its power were cut. */
  takeFrom (name: string): void {
    for (const resource of this.#resources) if (this.holder(resource) === name) rmSync(join(this.folder, `${resource}.holder`), { force: true })
  }

  /** The lines of a file in the cluster's folder, none if there is no such file. */
  notes (name: string): readonly string[] {
    return this.#text(name)?.trim().split('\n') ?? []
  }

  get chroot (): string | undefined { return this.#options.chroot }

  get #chroot (): { readonly chroot?: string } {
    const { chroot } = this.#options
    return chroot === undefined ? {} : { chroot }
  }

  /** Ends everything, daemons first. Idempotent. */
  async close (): Promise<void> {
    await Promise.all([...this.apis.values(), ...this.nodes.values()].map(async (daemon) => await daemon.stop(5_000)))
    await this.zookeeper.remove()
    rmSync(this.folder, { recursive: true, force: true })
    folders.delete(this.folder)
  }

  /** Of a file in the cluster's folder, or null: daemons make and delete them meanwhile. */
  #text (name: string): string | null {
    try {
      return readFileSync(join(this.folder, name), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  get #resources (): readonly string[] { return this.#options.resources ?? ['address', 'service'] }

  #logFile (configuration: string): DaemonProcessOptions {
    return this.#options.logFiles === true ? { logFile: configuration.replace(/yaml$/, 'log') } : {}
  }

  #configuration (name: string, pvc: Readonly<Record<string, unknown>>): string {
    const file = join(this.folder, `${name}.yaml`)
    writeFileSync(file, stringify({ pvc }))
    return file
  }
}
