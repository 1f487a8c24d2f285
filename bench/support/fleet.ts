/**
 * A cluster's znodes as pvcnoded writes them, for as many nodes as wanted, and the writes that their keepalives are: each node every 5 s,
 * spread evenly, and only what changed since.
 */
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'

/** Seconds between two keepalives of a node: pvcnoded's default. */
export const KEEPALIVE_INTERVAL = 5
/** The first three are coordinators. */
const COORDINATORS = 3

export const nodeName = (index: number): string => `n${String(index).padStart(4, '0')}`

const NETWORK = JSON.stringify({ eth0: { state: 'up', speed_mbps: 10_000, rx_bps: 1_480_320, tx_bps: 920_112, total_bps: 2_400_432 }, eth1: { state: 'up', speed_mbps: 10_000, rx_bps: 44_120, tx_bps: 18_004, total_bps: 62_124 } })
const plugins = ['disk', 'raid', 'load']

function nodeZnodes (index: number): ReadonlyArray<readonly [path: string, value: string]> {
  const name = nodeName(index)
  const isCoordinator = index < COORDINATORS
  const own: Record<string, string> = {
    daemonmode: isCoordinator ? 'coordinator' : 'hypervisor',
    daemonstate: 'run',
    routerstate: index === 0 ? 'primary' : isCoordinator ? 'secondary' : 'client',
    domainstate: 'ready',
    keepalive: '1700000000',
    staticdata: '32 6.1.0-28-amd64 Debian x86_64',
    pvcversion: '0.9.107',
    cpuload: '1.25',
    domainscount: '4',
    runningdomains: '',
    vcpualloc: '16',
    memtotal: '257823',
    memused: '81920',
    memfree: '175903',
    memalloc: '65536',
    memprov: '65536',
    monitoring_health: '100',
    monitoring_plugins: plugins.join(' '),
    monitoring_data: '',
    network_stats: NETWORK,
  }
  return [
    [`/nodes/${name}`, own['daemonmode'] ?? ''],
    ...Object.entries(own).map(([key, value]) => [`/nodes/${name}/${key}`, value] as const),
    ...plugins.flatMap((plugin) => [
      [`/nodes/${name}/monitoring_data/${plugin}`, ''],
      ...Object.entries({ last_run: '1700000000', health_delta: '0', message: 'all is well', data: '{}' }).map(([key, value]) => [`/nodes/${name}/monitoring_data/${plugin}/${key}`, value]),
    ] as Array<[string, string]>),
  ]
}

/** Makes the znodes of nodes number `from` to `to - 1`, level by level, and of the cluster if they are the first; all below `root`. */
export async function makeNodes (session: Session, from: number, to: number, root = ''): Promise<void> {
  if (from === 0) {
    for (const path of ['/config', '/nodes', '/domains', '/faults', '/logs']) await session.create(`${root}${path}`, '')
    await session.create(`${root}/config/primary_node`, nodeName(0))
    await session.create(`${root}/config/maintenance`, 'false')
  }
  // A node at a time has each level made at once; that keeps the server's queue short.
  for (let index = from; index < to; index++) {
    const znodes = nodeZnodes(index)
    for (const depth of [3, 4, 5, 6]) {
      await Promise.all(znodes.filter(([path]) => path.split('/').length === depth).map(async ([path, value]) => await session.create(`${root}${path}`, value)))
    }
  }
}

/** The keepalives of `nodes` nodes, until disposed of. */
export class Keepalives implements AsyncDisposable {
  readonly #session: Session
  readonly #nodes: number
  readonly #timer: NodeJS.Timeout
  readonly #pending = new Set<Promise<unknown>>()
  readonly #begun = performance.now()
  #beats = 0
  /** How many values were written. */
  writes = 0

  constructor (session: Session, nodes: number) {
    this.#session = session
    this.#nodes = nodes
    this.#timer = setInterval(() => this.#due(), 10)
  }

  /** What continued, for people. */
  get told (): string {
    return `beneath: keepalives of ${this.#nodes} nodes every ${KEEPALIVE_INTERVAL} s, ${(this.writes / (performance.now() - this.#begun) * 1000).toFixed(0)} writes a second`
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#pending)
  }

  #due (): void {
    const due = (performance.now() - this.#begun) / 1000 * this.#nodes / KEEPALIVE_INTERVAL
    while (this.#beats < due) this.#beat(this.#beats++)
  }

  #beat (count: number): void {
    const round = Math.floor(count / this.#nodes)
    const at = `/nodes/${nodeName(count % this.#nodes)}`
    const used = 81_920 + (round * 7 + count) % 64
    const changed = {
      keepalive: String(1_700_000_000 + round * KEEPALIVE_INTERVAL + 1),
      memused: String(used),
      memfree: String(257_823 - used),
      cpuload: `1.${String((round * 3 + count) % 90 + 10)}`,
      network_stats: NETWORK.replace('1480320', String(1_480_000 + (round * 13 + count) % 999)),
    }
    for (const [key, value] of Object.entries(changed)) {
      const written = this.#session.set(`${at}/${key}`, value, ANY_VERSION).finally(() => this.#pending.delete(written))
      this.#pending.add(written)
      this.writes += 1
    }
  }
}
