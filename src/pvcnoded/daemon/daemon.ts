/**
 * The node daemon: one life after the other until it is told to stop, and then the end in its order. The keepalive belongs to the daemon,
 * not to a life, and continues through everything.
 *
 * Invariant: the last three writes of a clean shutdown are the final keepalive, `stop`, and the closing of the session.
 */
import { logPath, nodePath } from '../../cluster/layout.ts'
import { hostWithPort } from '../../runtime/addresses.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { CommandRunner } from '../../runtime/process/command.ts'
import { Episode, type Logger } from '../../runtime/log/log.ts'
import type { LogTail } from '../../runtime/log/log-tail.ts'
import type { Connector } from '../../zookeeper/client/connection.ts'
import { contactSentence, exactCause, type Diagnosis } from '../../zookeeper/client/diagnosis.ts'
import { isTurnedAway, isZooKeeperError, ZooKeeperError } from '../../zookeeper/client/errors.ts'
import { LockBook } from '../../zookeeper/locks/locks.ts'
import { SessionKeeper, type KeeperReport } from '../../zookeeper/session/session-keeper.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import { Collection } from '../collectors/collection.ts'
import type { Collector } from '../collectors/collector.ts'
import { CollectedPublisher, collectedHealth } from '../collectors/publisher.ts'
import type { NodeConfig } from '../config/node-config.ts'
import type { EndingCode } from '../endings.ts'
import { Keepalive } from '../keepalive/keepalive.ts'
import { Incarnation } from './incarnation.ts'
import type { Journal } from '../reports/journal.ts'
import { LogPublisher } from '../reports/log-publisher.ts'
import { EarlierRun } from '../registration/earlier-run.ts'
import { RegistrationKeeper } from '../registration/registration-keeper.ts'
import { keepaliveText, registeredTexts } from '../registration/registration.ts'
import type { StaticData } from '../static-data.ts'
import { sessionTimeoutWarning } from '../terms.ts'

export interface NodeDaemonOptions {
  readonly config: NodeConfig
  readonly connector: Connector
  readonly clock: Clock
  readonly commands: CommandRunner
  readonly log: Logger
  /** A fresh random uuid, 32 hexadecimal digits. */
  readonly uuid: () => string
  /** From 0 inclusive to 1 exclusive. */
  readonly random: () => number
  readonly facts: StaticData
  /** Those of every node, and those of the configuration. */
  readonly collectors: readonly Collector[]
  readonly version: string
  /** Finds out why no session with ZooKeeper can be opened. */
  readonly diagnose?: (servers: readonly string[]) => Promise<Diagnosis>
  /** Kept in ZooKeeper, if given. */
  readonly logTail?: LogTail
  /** Published, if given. */
  readonly journal?: Journal
  /** Znodes of the cluster that are verified each second; the default of `ZnodeCache` unless given. */
  readonly probed?: number
  /** Called once, when the node is registered for the first time. */
  readonly onRegistered?: () => void
  /** Told what the daemon waits for or does, in words, whenever that changes. */
  readonly onStatus?: (status: string) => void
}

/** `resources_left`: something may still be held. `start_not_released`: nothing is known to be held, and the start could not release everything. `stop_not_written`: nothing is held any more, but peers will find this node dead. `not_registered`: this run has acquired nothing, and had not registered yet. */
export type DaemonEnd = 'stopped' | Extract<EndingCode, 'stop_not_written' | 'not_registered' | 'resources_left' | 'start_not_released'>

/** Milliseconds that the last writes may take before the daemon goes without them, loudly. */
const FAREWELL = 10_000
/** Milliseconds that a daemon which holds nothing waits for contact at its end, so that it can say so. */
const CONTACT = 3_000
/** Milliseconds between two looks at whether a shutdown that takes long is still in contact. */
const DEAD_SESSION_CHECK = 1_000

/** Sessions of its own that it remembers. */
const REMEMBERED = 64

export class NodeDaemon {
  readonly #options: NodeDaemonOptions
  readonly #keeper: SessionKeeper
  readonly #book: LockBook
  readonly #keepalive: Keepalive
  readonly #collection: Collection
  readonly #checks: ReadonlySet<string>
  /** Those that may not have ended yet. */
  #sessions: readonly string[] = []
  readonly #placed = new Map<string, number>()
  readonly #earlier = new EarlierRun()
  #health: number | null = null
  #publisher: CollectedPublisher | null = null
  #registration: RegistrationKeeper | null = null
  #publishers: readonly LogPublisher[] = []
  readonly #unreachable: Episode
  /** Aborts when a daemon that is to stop has waited long enough for a session. */
  readonly #giveUp = new AbortController()
  #life: Incarnation | null = null
  /** Why ZooKeeper cannot be reached, as it was found out last while there is no contact. */
  #diagnosis: Diagnosis | null = null
  /** The session time-out that the servers granted last, milliseconds. */
  #granted: number | null = null
  #registered = false
  #overwritten = false
  #stopping = false
  /** Ends a shutdown that is out of contact. */
  #lastResort: Timer | null = null
  #ended = false

  constructor (options: NodeDaemonOptions) {
    this.#options = options
    const { config, connector, clock, collectors, log, random, uuid } = options
    this.#checks = new Set(config.collectors.map((collector) => collector.name))
    this.#unreachable = new Episode(log, clock)
    this.#book = new LockBook({ clock, uuid, report: ({ path, error }) => log.warn({ path, err: error }, 'an abandoned lock attempt is not gone yet') })
    this.#keeper = new SessionKeeper({
      connector,
      servers: config.servers.map(({ host, port }) => hostWithPort(host, port)),
      chroot: config.chroot,
      sessionTimeout: config.sessionTimeout,
      clock,
      random,
      ...options.diagnose === undefined ? {} : { diagnose: options.diagnose },
      report: (report) => this.#onSession(report),
    })
    this.#keepalive = new Keepalive({
      clock,
      interval: config.keepaliveInterval,
      beat: () => {
        this.#collection.start()
        void this.#restore()
      },
      write: async (deadline) => await this.#writeKeepalive(deadline),
      report: ({ event, late, ...counts }) => log[event === 'recovered' ? 'info' : 'warn']({ late: Math.round(late) / 1000, ...counts }, `keepalive ${event}`),
    })
    this.#collection = new Collection({
      clock,
      log,
      collectors,
      onCollected: (collected, all) => {
        void this.#publisher?.publish(collected, all)
        this.#health = collectedHealth(all, this.#checks)
        this.#life?.health(this.#health)
      },
    })
  }

  /** Once: a program that overwrites these texts does so repeatedly. */
  #warnOfOverwriting (path: string): void {
    if (this.#overwritten) return
    this.#overwritten = true
    this.#options.log.warn({ path }, `${path} was overwritten by another program, probably pvchealthd; pvcnoded restores it each time. Stop pvchealthd on this node`)
  }

  /** What another program has changed or deleted is there again after one keepalive. */
  async #restore (): Promise<void> {
    await this.#publisher?.restore()
    await this.#registration?.look()
  }

  /** What may be held here at this moment. */
  get held (): readonly string[] { return this.#life?.held ?? [] }

  /** What the start could not release, and is not known to be held. */
  get unreleased (): readonly string[] { return this.#life?.unreleased ?? [] }

  /** Nothing may be held here, or the lease stands for it. */
  get sound (): boolean { return this.#life?.sound ?? true }

  /** Runs until `shutdown` has been carried out, and says how it ended. Rejects with a `NodeNameInUseError` or a `SchemaTooNewError`. */
  async run (): Promise<DaemonEnd> {
    try {
      const last = await this.#liveUntilLeft()
      // What the collectors still have to say, and what is left of lock attempts, must not come after the last words.
      await Promise.all([this.#keepalive.stop(), this.#collection.stop()])
      await Promise.all([this.#publisher?.stop(), this.#registration?.stop(), ...this.#publishers.map(async (each) => await each.finish()), this.#book.close()])
      if (last === null && !this.#registered) return 'not_registered'
      const isWritten = last !== null && await this.#sayFarewell(last)
      if (this.held.length > 0) return 'resources_left'
      return this.unreleased.length > 0 ? 'start_not_released' : isWritten ? 'stopped' : 'stop_not_written'
    } finally {
      this.#ended = true
      this.#lastResort?.[Symbol.dispose]()
      await Promise.all([this.#keepalive.stop(), this.#collection.stop()])
      await this.#keeper.close()
    }
  }

  /** Begins the orderly end. Idempotent. */
  shutdown (): void {
    if (this.#stopping) return
    this.#stopping = true
    const { clock, config, log } = this.#options
    log.info('shutting down: handing over, then the final keepalive')
    this.#life?.shutdown()
    this.#lastResort = clock.after(config.handoverTimeout + FAREWELL, () => this.#goWithoutContact())
    clock.after(CONTACT, () => this.#goIfIdle())
  }

  /** Out of contact and holding nothing, it has nothing to hand over, and nothing to wait for. */
  #goIfIdle (): void {
    if (this.#ended || this.#giveUp.signal.aborted) return
    const { current } = this.#keeper
    if (current?.state !== 'connected' && this.#life?.mayHold !== true) return this.#goWithoutContact()
    this.#options.clock.after(DEAD_SESSION_CHECK, () => this.#goIfIdle())
  }

  #goWithoutContact (): void {
    this.#giveUp.abort()
    this.#dropDeadSession()
  }

  /** A session that is out of contact may never end by itself, and nothing that waits for it would; in contact, the end takes what it takes. */
  #dropDeadSession (): void {
    const { current } = this.#keeper
    if (current !== null && current.state !== 'connected') {
      current.destroy(new ZooKeeperError('deadline', { op: 'close', detail: 'out of contact during the shutdown' }))
    }
    if (!this.#ended) this.#options.clock.after(DEAD_SESSION_CHECK, () => this.#dropDeadSession())
  }

  /** The last life, which left in order; null if a daemon that is to stop found no session to do it on. */
  async #liveUntilLeft (): Promise<Incarnation | null> {
    const { log } = this.#options
    for (;;) {
      const session = await this.#keeper.ready(this.#giveUp.signal).catch((error: unknown) => {
        if (isZooKeeperError(error) && this.#giveUp.signal.aborted) return null
        throw error
      })
      if (session === null) {
        log[this.#registered ? 'error' : 'info']('ZooKeeper could not be reached during the shutdown')
        return null
      }
      const life = await this.#live(session)
      if (life !== null) return life
      session.destroy(new ZooKeeperError('closed', { op: 'close', detail: 'the life on this session is over' }))
    }
  }

  /** One life on `session`: itself if it left in order, else null. */
  async #live (session: Session): Promise<Incarnation | null> {
    const { config, clock, commands, log, journal, facts, version, logTail, probed } = this.#options
    const life = new Incarnation({ config, session, clock, commands, book: this.#book, log, journal, facts, version, returns: this.#registered, probed, placed: this.#placed, earlier: this.#earlier, isOwn: (id) => this.#sessions.includes(id), health: this.#health })
    this.#life = life
    if (this.#stopping) life.shutdown()
    try {
      const end = await life.run(() => {
        if (!this.#registered) this.#options.onRegistered?.()
        this.#registered = true
        this.#options.onStatus?.(this.#registeredStatus)
        this.#publisher = new CollectedPublisher(session, config.node, this.#checks, (path) => this.#warnOfOverwriting(path), this.#publisher)
        this.#registration = new RegistrationKeeper({
          session, node: config.node, texts: registeredTexts(config, { facts, version }), isElsewhere: (path) => this.#publisher?.has(path) === true, mayBeCollected: (key) => this.#collection.mayWrite(key), onOverwritten: (path) => this.#warnOfOverwriting(path),
        })
        for (const publisher of this.#publishers) void publisher.stop()
        this.#publishers = [[logPath(config.node), logTail] as const, [nodePath(config.node, 'events'), journal] as const].flatMap(([path, text]) => text === undefined ? [] : [new LogPublisher(session, path, text, clock)])
        this.#keepalive.start()
        this.#keepalive.hasten()
      })
      return end === 'left' ? life : null
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      // Why the session ended was said with its end.
      if (!isTurnedAway(session.lost.reason)) log.warn({ err: error }, 'could not register; trying again on a new session')
      return null
    }
  }

  /** Whether `stop` is written. */
  async #sayFarewell (life: Incarnation): Promise<boolean> {
    const { clock, log } = this.#options
    let late = false
    const timer = clock.after(FAREWELL, () => {
      late = true
      this.#keeper.destroy(new ZooKeeperError('deadline', { op: 'close', detail: 'the last writes took too long' }))
    })
    const final = await life.own.writeSurely('keepalive', this.#keepaliveValue())
    if (final !== 'done') log.error({ outcome: final, late }, 'the final keepalive could not be written, nor stop: peers will find this node dead')
    const stopped = final === 'done' ? await life.own.write('daemonstate', 'stop') : 'failed'
    timer[Symbol.dispose]()
    if (stopped === 'done') log.info('final keepalive and stop are written')
    else if (final === 'done') log.error({ outcome: stopped, late }, 'stop could not be written')
    return stopped === 'done'
  }

  #waits (error: ZooKeeperError): void {
    const turnedAway = isTurnedAway(error)
    if (turnedAway) this.#diagnosis = null
    const { sentence, reason } = exactCause(error, this.#diagnosis)
    this.#unreachable.fault(`ZooKeeper cannot be ${turnedAway ? 'used' : 'reached'}; still trying: ${sentence}`, { reason }, turnedAway || this.#diagnosis !== null ? reason : undefined)
    this.#options.onStatus?.(`waiting for ZooKeeper: ${sentence}`)
  }

  get #registeredStatus (): string {
    const { node, chroot } = this.#options.config
    return `registered as ${node}${chroot === undefined ? '' : ` in ${chroot}`}`
  }

  #keepaliveValue (): string {
    return keepaliveText(this.#options.clock.wall())
  }

  async #writeKeepalive (deadline: number): Promise<boolean> {
    if (!this.#registered || this.#life === null) return false
    return await this.#life.own.writeOnce('keepalive', this.#keepaliveValue(), deadline)
  }

  /** Once for each time-out that the servers grant, not for each session. */
  #warnOfTimeout (negotiated: number): void {
    if (negotiated === this.#granted) return
    this.#granted = negotiated
    const warning = sessionTimeoutWarning(this.#options.config, negotiated)
    if (warning !== null) this.#options.log.warn({ code: 'session_timeout_differs', session_timeout: negotiated / 1000 }, warning)
  }

  #onSession (report: KeeperReport): void {
    const { log } = this.#options
    switch (report.event) {
      case 'session_opened':
        this.#diagnosis = null
        this.#unreachable.over('ZooKeeper can be reached')
        log.info({ session: report.id, session_timeout: report.negotiatedTimeout / 1000 }, 'ZooKeeper session opened')
        this.#warnOfTimeout(report.negotiatedTimeout)
        this.#sessions = [...this.#sessions, report.id].slice(-REMEMBERED)
        break
      case 'session_suspended':
        this.#unreachable.fault('out of contact with ZooKeeper: nothing new is begun')
        this.#options.onStatus?.('out of contact with ZooKeeper')
        break
      case 'session_resumed':
        this.#diagnosis = null
        this.#unreachable.over('in contact with ZooKeeper again')
        this.#keepalive.hasten()
        this.#options.onStatus?.(this.#registeredStatus)
        break
      case 'session_lost':
        // Ended by this daemon itself, it is no fault.
        if (report.error.code === 'closed') log.info('ZooKeeper session closed')
        else if (isTurnedAway(report.error)) this.#waits(report.error)
        else log.warn({ reason: report.error.code }, `ZooKeeper session ended: ${report.error.message}`)
        break
      case 'connect_failed': this.#waits(report.error); break
      case 'diagnosed':
        this.#unreachable.fault(contactSentence(report.diagnosis), { reason: report.diagnosis.reason }, report.diagnosis.reason)
        this.#diagnosis = report.diagnosis
        this.#options.onStatus?.(`${this.#keeper.current === null ? 'waiting for' : 'out of contact with'} ZooKeeper: ${report.diagnosis.sentence}`)
        break
      default: report satisfies never
    }
  }
}
