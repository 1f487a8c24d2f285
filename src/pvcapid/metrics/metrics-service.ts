/**
 * Feeds the metrics: the view's figures when they are asked for, switchovers as they end.
 */
import { severities } from '../../core/conditions/kinds.ts'
import { resourceStates } from '../../core/model/resource-states.ts'
import { phaseDurations } from '../../core/switchover/phases.ts'
import type { Clock } from '../../runtime/clock.ts'
import { watchLoop } from '../../runtime/loop-watch.ts'
import type { SessionKeeper } from '../../zookeeper/session/session-keeper.ts'
import type { HealthService } from '../services/health-service.ts'
import { coordinatorStates, daemonStates, fenceStates, SESSION_STATES, setByState, type Metrics } from './metrics.ts'
import type { ClusterCache, CacheChange } from '../services/cluster-cache.ts'

export interface MetricsServiceOptions {
  readonly metrics: Metrics
  readonly view: ClusterCache
  readonly clock: Clock
  readonly keeper: SessionKeeper
  readonly health: HealthService
  readonly waiting: () => number
  readonly streams: () => number
  readonly logLinesDropped: () => number
}

/** What the server says of its connections. */
export interface ConnectionFigures {
  readonly open: number
  readonly inProgress: number
  readonly waiting: number
  /** Bytes held for requests. */
  readonly requestBytes: number
  readonly held: number
}

/** Milliseconds that making the figures may take unless they are kept for `KEPT` times as long. */
const QUICK = 10
const KEPT = 10
/** Resources of one node that have series, each one for every state. */
const MOST_RESOURCES = 64

export class MetricsService implements Disposable {
  readonly metrics: Metrics
  readonly #options: MetricsServiceOptions
  readonly #subscriptions: Disposable[]
  /** Epochs that were seen open, and so are counted when they end; null before the first view. */
  #open: Set<number> | null = null
  #newest = -1
  #connections: ConnectionFigures | null = null
  #making: Promise<Buffer> | null = null
  #made: { readonly bytes: Buffer, readonly until: number } | null = null

  constructor (options: MetricsServiceOptions) {
    const { metrics, view, clock, keeper } = options
    this.#options = options
    this.metrics = metrics
    this.#subscriptions = [
      view.onChange((change) => this.#onChange(change)),
      keeper.onSession(() => metrics.sessions.inc()),
      watchLoop({ clock, threshold: 0, onStall: (late) => metrics.loopDelay.observe(late / 1000) }),
    ]
  }

  /** From now on the figures of these connections are told. */
  observe (connections: ConnectionFigures): void {
    this.#connections = connections
  }

  /**
   * Everything, in Prometheus' text format: made once for all who ask meanwhile. Where that takes long, because there are many nodes, it is kept
   * for some times as long, so that no crowd of readers takes more than a share of this process.
   */
  async text (): Promise<Buffer> {
    const { clock } = this.#options
    const begun = clock.monotonic()
    if (this.#made !== null && begun < this.#made.until) return this.#made.bytes
    this.#making ??= this.#make().then((text) => {
      const bytes = Buffer.from(text)
      const took = clock.monotonic() - begun
      this.#made = took < QUICK ? null : { bytes, until: clock.monotonic() + KEPT * took }
      return bytes
    }).finally(() => { this.#making = null })
    return await this.#making
  }

  async #make (): Promise<string> {
    const { metrics, keeper, health, view, waiting, streams, logLinesDropped } = this.#options
    const connections = this.#connections
    if (connections !== null) {
      metrics.connections.set(connections.open)
      metrics.requestsInProgress.set(connections.inProgress)
      metrics.requestsWaiting.set(connections.waiting)
      metrics.heldBytes.set(connections.held)
      metrics.requestBytes.set(connections.requestBytes)
    }
    metrics.timers.set(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length)
    metrics.viewAge.set(view.age / 1000)
    metrics.ready.set(health.report().ready ? 1 : 0)
    setByState(metrics.sessionState, 'state', SESSION_STATES, [keeper.current?.state ?? 'connecting'])
    metrics.waiters.set(waiting())
    metrics.streams.set(streams())
    metrics.logLinesDropped.reset()
    metrics.logLinesDropped.inc(logLinesDropped())
    metrics.residentMemory.set(process.memoryUsage.rss())
    const { user, system } = process.cpuUsage()
    metrics.cpuSeconds.reset()
    metrics.cpuSeconds.inc((user + system) / 1e6)
    this.#cluster()
    return await metrics.text()
  }

  [Symbol.dispose] (): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }

  #cluster (): void {
    const { metrics, view } = this.#options
    const { latest, board, conditions } = view
    metrics.condition.reset()
    for (const { code, severity, node, resource } of conditions) metrics.condition.set({ code, severity, node: node ?? '', resource: resource ?? '' }, 1)
    for (const severity of Object.keys(severities)) metrics.conditions.set({ severity }, conditions.filter((each) => each.severity === severity).length)
    if (latest === null) return
    setByState(metrics.nodes, 'daemon_state', daemonStates, latest.nodes.map((node) => node.daemon_state))
    setByState(metrics.coordinators, 'coordinator_state', coordinatorStates, latest.nodes.map((node) => node.coordinator_state))
    metrics.maintenance.set(latest.maintenance === 'true' ? 1 : 0)
    metrics.switchoversOpen.set(board.newest().filter(({ done }) => !done).length)
    metrics.primary.reset()
    metrics.primaryLockHeld.set(view.lockAge / 1000)
    metrics.fence.reset()
    metrics.brokenFence.reset()
    for (const { node, found_by: by } of view.status.fencing?.broken ?? []) metrics.brokenFence.set({ node, found_by: by }, 1)
    metrics.keepaliveAge.reset()
    metrics.staleChecks.reset()
    const { name, epoch, settled } = board.primary
    metrics.primarySettled.set(settled && !view.stale ? 1 : 0)
    if (epoch !== null) metrics.primaryEpoch.set(epoch)
    metrics.nodeHealth.reset()
    metrics.resource.reset()
    for (const { name: node, health, resources = [] } of latest.nodes) {
      for (const { name: resource, state: present } of resources.slice(0, MOST_RESOURCES)) for (const state of Object.keys(resourceStates)) metrics.resource.set({ node, resource, state }, state === present ? 1 : 0)
      if (health !== 'N/A') metrics.nodeHealth.set({ node }, health)
      metrics.primary.set({ node }, node === name ? 1 : 0)
      metrics.staleChecks.set({ node }, latest.staleChecks(node))
      const fence = latest.fence(node)?.state ?? null
      if (fence !== null) for (const state of Object.keys(fenceStates)) metrics.fence.set({ node, state }, state === fence ? 1 : 0)
      const age = view.keepaliveAge(node)
      if (age !== null) metrics.keepaliveAge.set({ node }, age / 1000)
    }
  }

  #onChange ({ topics }: CacheChange): void {
    if (this.#open === null || topics.some((topic) => topic.startsWith('switchover/'))) this.#countEnded()
  }

  /** Every switchover that ends while this API looks is counted once; those that were over before are not. */
  #countEnded (): void {
    const { metrics, view: { board } } = this.#options
    const all = board.newest()
    const open = this.#open
    for (const switchover of all) {
      if (open === null || switchover.outcome === null || !(open.has(switchover.epoch) || switchover.epoch > this.#newest)) continue
      metrics.switchovers.inc({ cause: switchover.cause, outcome: switchover.outcome })
      if (switchover.outcome !== 'succeeded') continue
      for (const { phase, seconds } of phaseDurations(switchover)) metrics.switchoverSeconds.observe({ phase }, seconds)
    }
    this.#open = new Set(all.filter(({ done }) => !done).map(({ epoch }) => epoch))
    this.#newest = Math.max(this.#newest, ...all.map(({ epoch }) => epoch))
  }
}
