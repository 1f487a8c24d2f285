/** Everything between ZooKeeper and the routes, put together; closed in reverse order. */
import { guardedConnector } from '../cluster/layout-guard.ts'
import { RecordKeeper } from '../cluster/record-keeper.ts'
import { UnreadableZnodes } from '../cluster/unreadable-znodes.ts'
import type { Clock } from '../runtime/clock.ts'
import { Disposables } from '../runtime/disposables.ts'
import { packageVersion } from '../runtime/process/package-version.ts'
import { Episode, type Logger } from '../runtime/log/log.ts'
import type { Connector } from '../zookeeper/client/connection.ts'
import { contactSentence, exactCause, type Diagnosis } from '../zookeeper/client/diagnosis.ts'
import { isChrootFailure, isTurnedAway } from '../zookeeper/client/errors.ts'
import { LockBook } from '../zookeeper/locks/locks.ts'
import { SessionKeeper, type KeeperReport } from '../zookeeper/session/session-keeper.ts'
import type { ApiLimits } from './config/api-config.ts'
import { Contact } from './services/contact.ts'
import { CoordinatorStateService } from './services/switchover/coordinator-state-service.ts'
import { EventFeed } from './services/events/event-feed.ts'
import { EventService } from './services/events/event-service.ts'
import { ConditionLog } from './services/faults/condition-log.ts'
import { FaultKeeper } from './services/faults/fault-keeper.ts'
import { FaultService } from './services/faults/fault-service.ts'
import { FenceService, type Silence } from './services/fence-service.ts'
import { HealthService } from './services/health-service.ts'
import { measuredConnector } from './metrics/measured-connector.ts'
import { Metrics } from './metrics/metrics.ts'
import { MetricsService } from './metrics/metrics-service.ts'
import { PvcMetrics } from './metrics/pvc-metrics.ts'
import { NodeService } from './services/node-service.ts'
import { PrimaryService } from './services/primary-service.ts'
import { RemovalService } from './services/removal-service.ts'
import { RoleService } from './services/role-service.ts'
import type { Services } from './services/services.ts'
import { SettingsService } from './services/settings-service.ts'
import { SwitchoverGate } from './services/switchover/switchover-gate.ts'
import { SwitchoverService } from './services/switchover/switchover-service.ts'
import { ClusterCache } from './services/cluster-cache.ts'
import { Waiters } from './services/waiters.ts'

export interface ClusterOptions {
  /** `host:port`. */
  readonly servers: readonly string[]
  /** The path of the znode under which the cluster is; the root of the ensemble unless given. */
  readonly chroot?: string | undefined
  /** Milliseconds to ask for. */
  readonly sessionTimeout: number
  readonly connector: Connector
  readonly clock: Clock
  readonly random: () => number
  /** A fresh random uuid as 32 lower-case hexadecimal digits. */
  readonly uuid: () => string
  readonly log: Logger
  /** Finds out why no session with ZooKeeper can be opened. */
  readonly diagnose?: ((servers: readonly string[]) => Promise<Diagnosis>) | undefined
  /** Log lines that were dropped. */
  readonly logLinesDropped: () => number
  /** Znodes of the cluster that are verified each second; the default of `ZnodeCache` unless given. */
  readonly probed?: number
  /** Whom the children of locks name, for people. */
  readonly identifier: string
  readonly limits: Pick<ApiLimits, 'waiters' | 'waitersPerClient' | 'eventStreams' | 'eventStreamsPerClient'>
  /** The node that this API runs on, if it was told. */
  readonly node: string | undefined
}

export interface ClusterServices extends Services {
  readonly contact: Contact
  /** Why the chroot of the cluster cannot be used; null if it can, or if nothing is known. */
  readonly chrootFailure: () => Error | null
  readonly feed: EventFeed
  /** Keys have been replaced: requests that wait or follow with a revoked one are told. */
  revoke (): void
  /** Not ready any more; waiting requests get what there is, and streams are told. */
  stop (): void
  /** Ends everything; what is in progress on the session is awaited. */
  close (): Promise<void>
}

export function clusterServices (options: ClusterOptions): ClusterServices {
  const { clock, log, identifier } = options
  const closing = new Disposables()
  const metrics = new Metrics(packageVersion(), options.chroot)
  metrics.waitersLimit.set(options.limits.waiters)
  let unreachable: string | null = null
  const keeper: SessionKeeper = new SessionKeeper({
    servers: options.servers,
    chroot: options.chroot,
    sessionTimeout: options.sessionTimeout,
    connector: measuredConnector(guardedConnector(options.connector, 'API', () => view.newerSchema), clock, (operation, seconds, ok) => metrics.operation(operation, seconds, ok)),
    clock,
    random: options.random,
    ...options.diagnose === undefined ? {} : { diagnose: options.diagnose },
    report: reporter(log, clock, (reason) => { unreachable = reason }),
  })
  closing.defer('session', async () => await keeper.close())
  const waiters = new Waiters({ clock, limit: options.limits.waiters, perClient: options.limits.waitersPerClient })
  const unreadable = new UnreadableZnodes(log, clock)
  const view: ClusterCache = new ClusterCache({ sessions: keeper, clock, waiters, probed: options.probed, cluster: options.chroot, ...unreadable.listeners })
  closing.use('what could not be read', keeper.onSession(() => {
    unreadable.clear()
    view.onSession()
  }))
  closing.defer('view', () => view.close())
  const feed = closing.use('event feed', new EventFeed({ view, clock, limit: options.limits.eventStreams, perClient: options.limits.eventStreamsPerClient }))
  const contact = new Contact(keeper, clock)
  const book = new LockBook({ clock, uuid: options.uuid, report: ({ path, error }) => log.warn({ err: error, path }, 'an abandoned lock could not be deleted; it is tried again') })
  const switchovers = new SwitchoverService({ contact, view, waiters, book, clock, log, identifier })
  const records = closing.use('record keeper', new RecordKeeper({
    feed: view.feed,
    clock,
    operations: () => switchovers.operations(),
    recordsExternal: false,
    report: (event) => {
      if (event.event === 'closed') log.info(event, 'closed the record of a switchover')
      else log.warn({ err: event.error }, 'the record of a switchover could not be closed; it is tried again')
    },
  }))
  closing.use('records on new sessions', keeper.onSession((session) => {
    records.look()
    session.onState((state) => { if (state === 'connected') records.look() })
  }))
  const faultKeeper = closing.use('fault keeper', new FaultKeeper({ view, clock, log, session: () => keeper.current }))
  closing.use('condition log', new ConditionLog({ view, clock, log }))
  const health = new HealthService(view, () => unreachable ?? (unreadable.why === null ? null : `${unreadable.why}.`))
  const measuring = closing.use('metrics', new MetricsService({ metrics, view, clock, keeper, health, waiting: () => waiters.size, streams: () => feed.size, logLinesDropped: options.logLinesDropped }))
  const silence: Silence = (node, at) => view.snapshot.writtenAt(node, 'keepalive') === at ? view.keepaliveAge(node) : null
  return {
    view,
    metrics: measuring,
    nodes: new NodeService(view, contact, waiters),
    settings: new SettingsService(contact, view),
    coordinatorState: new CoordinatorStateService(switchovers),
    switchovers: new SwitchoverGate(switchovers),
    primary: new PrimaryService(view, waiters),
    health,
    roles: new RoleService(view, options.node),
    faults: new FaultService(contact, view, clock, faultKeeper),
    pvcMetrics: new PvcMetrics(view),
    fences: new FenceService(contact, clock, silence),
    removals: new RemovalService(contact, silence, log),
    events: new EventService(feed, view, contact),
    contact,
    chrootFailure: () => isChrootFailure(keeper.failure) ? keeper.failure : null,
    feed,
    waiting: () => waiters.size,
    streams: () => feed.size,
    revoke () {
      waiters.endRevoked()
      feed.end()
    },
    stop () {
      health.stop()
      waiters.end()
      feed.end()
    },
    close: async () => await closing.close(),
  }
}

/** The keeper's reports as log lines: a fault that lasts is said once, and once when it is over. */
function reporter (log: Logger, clock: Clock, because: (reason: string | null) => void): (report: KeeperReport) => void {
  let diagnosis: Diagnosis | null = null
  const away = new Episode(log, clock)
  return (report) => {
    switch (report.event) {
      case 'session_opened':
        because(null)
        diagnosis = null
        away.over('ZooKeeper is back')
        log.info({ session: report.id, session_timeout: report.negotiatedTimeout / 1000 }, 'connected to ZooKeeper')
        break
      case 'session_resumed':
        because(null)
        diagnosis = null
        away.over('ZooKeeper is back')
        break
      case 'session_suspended': away.fault('ZooKeeper does not answer; reads are served from the last view, writes are refused'); break
      case 'session_lost':
        because(`${report.error.message}.`)
        if (report.error.code !== 'closed') away.fault(`the ZooKeeper session is over; a new one is opened: ${report.error.message}`, { reason: report.error.code })
        break
      case 'connect_failed': {
        const turnedAway = isTurnedAway(report.error)
        if (turnedAway) diagnosis = null
        const { sentence, reason } = exactCause(report.error, diagnosis)
        because(diagnosis === null ? `${sentence}.` : `${contactSentence(diagnosis)}.`)
        away.fault(`ZooKeeper cannot be ${turnedAway ? 'used' : 'reached'}; still trying: ${sentence}`, { reason }, turnedAway || diagnosis !== null ? reason : undefined)
        break
      }
      case 'diagnosed':
        because(`${contactSentence(report.diagnosis)}.`)
        away.fault(contactSentence(report.diagnosis), { reason: report.diagnosis.reason }, report.diagnosis.reason)
        diagnosis = report.diagnosis
        break
      default: report satisfies never
    }
  }
}
