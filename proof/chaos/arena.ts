/**
 * What is under fire: a ZooKeeper ensemble of three servers, five coordinators and two APIs, each a process of its own with ways of its own to each
 * server, and a power switch that fences. Who ends is started again, as a service manager would. `close` ends everything.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ClusterSnapshots } from '../../src/cluster/cluster-snapshots.ts'
import { clusterInterest, clusterRoots } from '../../src/cluster/interest.ts'
import type { ClusterSnapshot } from '../../src/core/coordinator/coordinator-state.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { PRIMARY_NODE } from '../../src/cluster/layout.ts'
import { nativeConnector } from '../../src/zookeeper/client/native.ts'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { SessionKeeper } from '../../src/zookeeper/session/session-keeper.ts'
import { ZnodeCache } from '../../src/zookeeper/cache/znode-cache.ts'
import { Cluster } from '../../tools/testbed/cluster.ts'
import { packageFolder, type DaemonProcess } from '../../tools/testbed/daemon-process.ts'
import { ZooKeeperEnsemble } from '../../tools/testbed/ensemble.ts'
import { fakeClock } from '../../tools/testbed/fake-clock.ts'
import { Proxy } from '../../tools/testbed/proxy.ts'

export const NODES = ['hv1', 'hv2', 'hv3', 'hv4', 'hv5'] as const
const APIS = ['hv1', 'hv2'] as const
/** Acquired in this order. */
export const RESOURCES = ['address', 'service'] as const
/** Seconds. Long enough for a phase to be struck while it lasts. */
const RESOURCE_TIME = 0.3
/** Seconds. */
export const SESSION_TIMEOUT = 4
/** Milliseconds until whoever has ended is started again. */
const RESTART = 1_000

/** The power switch, as the configured fencing command: nothing of the node runs any more, and what it held is nobody's. Its clock is right, whatever that of the node is that uses it. */
const powerSwitch = (folder: string) => `cd ${folder}
unset LD_PRELOAD
echo "$(date +%s%3N) $1" >> fences
for environment in $(grep -lzxF "PVC_POWER=${folder}/$1" /proc/[0-9]*/environ 2> /dev/null); do
  pid=\${environment#/proc/}
  kill -9 "\${pid%/environ}" 2> /dev/null
done
for holder in *.holder; do [ ! -e "$holder" ] || [ "$(cat "$holder")" != "$1" ] || rm -f "$holder"; done
exit 0
`

export class Arena {
  readonly ensemble: ZooKeeperEnsemble
  readonly cluster: Cluster
  /** The ways of a process to the servers of the ensemble. */
  readonly ways: ReadonlyMap<string, readonly Proxy[]>
  /** Base URLs of the APIs. */
  readonly apis: string[] = []
  /** How nodes ended that nobody had ended. */
  readonly crashes: string[] = []
  readonly #keeper: SessionKeeper
  readonly #tree: ZnodeCache
  readonly #feed: ClusterSnapshots
  /** Nodes that are not to be started again for now. */
  readonly #down = new Set<string>()
  readonly #clock: Readonly<Record<string, string>>
  #closing = false

  private constructor (ensemble: ZooKeeperEnsemble, ways: ReadonlyMap<string, readonly Proxy[]>) {
    this.ensemble = ensemble
    this.ways = ways
    this.cluster = new Cluster({
      nodes: [],
      zookeeper: ensemble.servers[0],
      sessionTimeout: SESSION_TIMEOUT,
      resources: RESOURCES,
      coordinator: { settle_time: 0.5, handover_timeout: 20 },
      resourceSettings: (folder) => ({ acquire: ['sh', join(folder, 'resource.sh')], release: ['sh', join(folder, 'resource.sh')] }),
      system: (folder) => ({ fencing: { method: 'command', command: ['sh', join(folder, 'power-switch.sh'), '{node}'], timeout: 10, saving_throws: 2, saving_interval: 0.5 } }),
    })
    const { folder } = this.cluster
    writeFileSync(join(folder, 'power-switch.sh'), powerSwitch(folder))
    writeFileSync(join(folder, 'resource.sh'), `sleep ${RESOURCE_TIME}\nexec sh ${join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh')} ${folder}\n`)
    this.#clock = fakeClock()
    this.#keeper = new SessionKeeper({
      connector: nativeConnector(), servers: ensemble.servers.map((server) => server.connectString), sessionTimeout: 30_000, clock: systemClock, random: Math.random, report: () => {}, backoff: { min: 20, max: 200 },
    })
    this.#tree = new ZnodeCache({ sessions: this.#keeper, clock: systemClock, roots: clusterRoots, interest: clusterInterest })
    this.#feed = new ClusterSnapshots(this.#tree)
  }

  static async start (): Promise<Arena> {
    const ensemble = await ZooKeeperEnsemble.start()
    const names = [...NODES, ...APIS.map((name) => `api-${name}`)]
    const ways = new Map<string, readonly Proxy[]>()
    for (const name of names) ways.set(name, await Promise.all(ensemble.servers.map(async (server) => await Proxy.start(server.port))))
    const arena = new Arena(ensemble, ways)
    for (const name of NODES) arena.startNode(name)
    for (const name of APIS) arena.apis.push(await arena.cluster.startApi(name, 0, arena.#addresses(`api-${name}`)))
    await arena.#feed.ready
    return arena
  }

  /** What is known of the cluster, a moment old. */
  get view (): ClusterSnapshot | null { return this.#feed.view }

  startNode (name: string): void {
    if (this.#closing || this.cluster.nodes.get(name)?.running === true) return
    this.#down.delete(name)
    this.setClock(name, 0)
    const daemon = this.cluster.startNode(name, { coordinators: this.#addresses(name) }, { env: { ...this.#clock, PVC_POWER: join(this.cluster.folder, name), FAKETIME_TIMESTAMP_FILE: this.#clockFile(name) } })
    void daemon.exited().then(async (code) => {
      if (code !== null && code !== 0) this.crashes.push(`${name} ended with exit ${code}: ${JSON.stringify(daemon.log.at(-1))}`)
      await delay(RESTART)
      if (!this.#down.has(name)) this.startNode(name)
    })
  }

  node (name: string): DaemonProcess {
    const daemon = this.cluster.nodes.get(name)
    if (daemon === undefined) throw new Error(`there is no node ${name}`)
    return daemon
  }

  /** SIGKILL; it stays down until `startNode`. */
  async kill (name: string): Promise<void> {
    this.#down.add(name)
    await this.node(name).kill()
  }

  /** Sets the wall clock of a node so many seconds off; its monotonic clock continues. */
  setClock (name: string, seconds: number): void {
    writeFileSync(this.#clockFile(name), `${seconds >= 0 ? '+' : ''}${seconds}`)
  }

  /** As somebody with a ZooKeeper shell would: no lock, no version. */
  async writeKey (value: string): Promise<void> {
    const session = await this.#keeper.ready()
    await session.set(PRIMARY_NODE, value, ANY_VERSION)
  }

  /** Fences so far: when, milliseconds since 1970, and whom. */
  fences (): ReadonlyArray<{ readonly at: number, readonly node: string }> {
    return this.cluster.notes('fences').map((line) => ({ at: Number(line.split(' ')[0]), node: line.split(' ')[1] ?? '' }))
  }

  /** What the daemons that run, and the APIs, have logged as an error. */
  errors (): readonly string[] {
    return [...this.cluster.apis, ...this.cluster.nodes].flatMap(([name, { log }]) => log.filter(({ level }) => level === 'error' || level === 'fatal').map((line) => `${name} ${JSON.stringify(line)}`))
  }

  /** Ends the daemons in order, so that what they have written can be judged; the ensemble continues. */
  async quiet (): Promise<void> {
    this.#closing = true
    this.#feed[Symbol.dispose]()
    this.#tree.close()
    await this.#keeper.close()
    await Promise.all([...this.cluster.apis.values(), ...this.cluster.nodes.values()].map(async (daemon) => await daemon.stop(60_000)))
  }

  async close (): Promise<void> {
    this.#closing = true
    await this.cluster.close()
    await this.ensemble.remove()
    await Promise.all([...this.ways.values()].flat().map(async (way) => await way.close()))
  }

  #addresses (name: string): readonly string[] { return (this.ways.get(name) ?? []).map((way) => way.connectString) }

  #clockFile (name: string): string { return join(this.cluster.folder, `clock-${name}`) }
}
