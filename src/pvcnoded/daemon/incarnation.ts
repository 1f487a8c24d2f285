/**
 * One life of the node daemon: one ZooKeeper session, from registering to either leaving in order or losing the right to hold anything.
 * Events go into the pure machine one at a time; the effects it answers with are begun here, and their results are events again.
 *
 * Invariant: nothing of a life outlasts it. When `run` resolves, this life holds no resource that could be released, and writes no more.
 */
import { step } from '../../core/coordinator/coordinator.ts'
import { newCoordinator, type ClusterSnapshot, type Coordinator, type CoordinatorEvent, type Effect, type Note } from '../../core/coordinator/coordinator-state.ts'
import { epochOf } from '../../core/model/epoch.ts'
import { publishedBrokenFences } from '../../core/model/fence-probe.ts'
import { publishedPreference, type Preference } from '../../core/model/preference.ts'
import { publishedIdentities } from '../../core/model/resource-states.ts'
import { unreachable } from '../../core/model/states.ts'
import { whyNoPeerContends } from '../../core/switchover/free-role.ts'
import type { ClusterSnapshots } from '../../cluster/cluster-snapshots.ts'
import { KeyOperations } from '../../cluster/key-operations.ts'
import { sureRead } from '../../cluster/certain-write.ts'
import type { Timer } from '../../runtime/clock.ts'
import { Disposables } from '../../runtime/disposables.ts'
import { ZooKeeperError } from '../../zookeeper/client/errors.ts'
import { Candidacy, type CandidacyOptions } from './candidacy.ts'
import { Domains } from './domains.ts'
import { FaultReporter } from '../reports/fault-reporter.ts'
import { createFencing, type FencingTools } from '../fencing/create.ts'
import type { Observer } from '../fencing/observer.ts'
import { Lease } from '../keepalive/lease.ts'
import { LockWatch } from './lock-watch.ts'
import { NoteLog } from '../reports/note-log.ts'
import { NodeOperations } from './node-operations.ts'
import { OwnZnodes } from './own-znodes.ts'
import { Presence, type PresenceContent } from './presence.ts'
import { OwnStates } from './own-states.ts'
import { PublishedPresence } from './published-presence.ts'
import { LackLog } from '../reports/lack-log.ts'
import { LAYOUT_INTERVAL, LayoutCheck } from './layout-check.ts'
import type { EarlierRun } from '../registration/earlier-run.ts'
import { announceStart, register, type RegistrationFacts } from '../registration/registration.ts'
import { ResourceStatePublisher } from '../resources/state-publisher.ts'
import { ResourceMonitor } from '../resources/resource-monitor.ts'
import { createResource } from '../resources/create.ts'
import type { Resource } from '../resources/resource.ts'
import { SelfFencing } from './self-fence.ts'
import { SyncLock } from './sync-lock.ts'
import { failover, relinquishTime, settingsOf, takeoverTime } from '../terms.ts'
import { ClusterWatch } from '../watching/cluster-watch.ts'
import { OwnWatch } from '../watching/own-watch.ts'

export interface IncarnationOptions extends FencingTools, RegistrationFacts {
  readonly probed?: number | undefined
  /** Where this daemon has put its floating addresses, on whatever session. */
  readonly placed: Map<string, number>
  readonly earlier: EarlierRun
  /** Whether a session was one of this daemon. */
  readonly isOwn: (session: string) => boolean
  /** The health of this node in percent; null while it is not known. */
  readonly health: number | null
}

/** How a life ended: `left` in order, holding nothing, or `demoted` because its session or its lease did. */
export type IncarnationEnd = 'left' | 'demoted'

export class Incarnation {
  readonly own: OwnZnodes
  readonly #options: IncarnationOptions
  readonly #resources: ReadonlyMap<string, Resource>
  readonly #closing = new Disposables()
  readonly #running = new Map<number, AbortController>()
  readonly #delays = new Map<number, Timer>()
  readonly #queue: CoordinatorEvent[] = []
  readonly #ended: Promise<IncarnationEnd>
  #end: (how: IncarnationEnd) => void = () => {}
  #machine: Coordinator | null = null
  #operations: NodeOperations | null = null
  #board: ResourceStatePublisher | null = null
  #candidacy: Candidacy | null = null
  readonly #lockWatch: LockWatch
  readonly #faults: FaultReporter
  readonly #notes: NoteLog
  readonly #syncLock: SyncLock
  readonly #preference: Preference
  #lease: Lease | null = null
  #observer: Observer | null = null
  /** Runs while everything has to be released. */
  #releasesDue: Timer | null = null
  /** The self_fence that is in progress. */
  readonly #selfFencing: SelfFencing
  /** What an orderly end has left held. */
  #left: readonly string[] | null = null
  #stepping = false
  #stopping = false

  constructor (options: IncarnationOptions) {
    this.#options = options
    const { config, session, commands, clock, log, book } = options
    this.#syncLock = new SyncLock({ session, book, identifier: config.node })
    this.#lockWatch = new LockWatch(session, log, clock)
    this.#notes = new NoteLog(log, config.selfFence !== undefined, options.journal)
    this.#selfFencing = new SelfFencing(config, options)
    this.own = new OwnZnodes(session, config.node)
    this.#preference = { ...config.candidate, health: options.health }
    this.#faults = this.#closing.use('faults', new FaultReporter({ session, clock, log }))
    this.#resources = new Map(config.resources.map((resource) => [resource.name, createResource(resource, config.node, { commands, clock, log, placed: options.placed, onConcern: (...concern) => this.#board?.concern(...concern) })]))
    this.#ended = new Promise((resolve) => { this.#end = resolve })
  }

  /** Nothing may be held here, or the lease stands for it. */
  get sound (): boolean { return this.#machine === null || !mayHold(this.#machine) || this.#lease?.sound === true }

  /** Something is held, or is about to be acquired. */
  get mayHold (): boolean { return this.#machine !== null && mayHold(this.#machine) }

  /** What may be held here. */
  get held (): readonly string[] { return this.#left ?? this.#machine?.held ?? [] }
  /** What the start could not release, beside that. */
  get unreleased (): readonly string[] { return (this.#operations?.unreleased ?? []).filter((name) => !this.held.includes(name)) }

  /**
   * Registers, runs the machine until this life is over, and takes everything down again. Rejects with what kept it from registering: a
   * `NodeNameInUseError`, `SchemaTooNewError`, or a `ZooKeeperError` when the session ended first.
   */
  async run (onRegistered: () => void): Promise<IncarnationEnd> {
    try {
      const first = await this.#prepare()
      onRegistered()
      this.#dispatch(first)
      if (this.#stopping) this.#dispatch({ type: 'shutdown' })
      const end = await this.#ended
      if (end === 'left') await this.#releaseRest()
      return end
    } finally {
      for (const controller of this.#running.values()) controller.abort()
      // Peers may take over once they see the session end, which it is about to: not while this node is still ending itself.
      await this.#selfFencing.over(async (signal) => await this.#releaseLeft(signal))
      for (const timer of this.#delays.values()) timer[Symbol.dispose]()
      this.#releasesDue?.[Symbol.dispose]()
      await this.#closing.close()
    }
  }

  /** Asks for an orderly end; `run` resolves once the role is handed over and nothing is held. Idempotent. */
  shutdown (): void {
    this.#stopping = true
    if (this.#machine !== null) this.#dispatch({ type: 'shutdown' })
  }

  /** The health of this node has been found. */
  health (health: number): void { this.#candidacy?.health(health) }

  async #prepare () {
    const { config, session, clock, book, log, facts, version, returns, isOwn, earlier } = this.#options
    await earlier.look(session, config.node)
    const content: PresenceContent = {
      api: config.apiAddress ?? null,
      takeover_time: takeoverTime(config),
      relinquish_time: relinquishTime(config),
      failover: failover(config),
      readiness: null,
      stands_back: null,
      broken_fences: null,
      candidate: publishedPreference(this.#preference),
      resources: config.mode === 'coordinator' ? publishedIdentities([...this.#resources.values()].map(({ identity }) => identity)) ?? undefined : undefined,
      earlier_sign_at: earlier.sign ?? undefined,
    }
    this.#closing.defer('place in the sync lock', async () => await this.#syncLock.leave())
    if (config.mode === 'coordinator') await this.#syncLock.standBesidePvc(config.node)
    const presence = this.#closing.use('own presence', new Presence(session, config.node, content, clock.wall()))
    // Not on a new session after a loss of contact: a presence that this one may have written, or may still write, would bar the node for as long as it lives.
    const registered = await sureRead(session, async () => {
      await register(session, this.own, config, { facts, version, returns }, { presence: presence.text(content), startedAt: clock.wall() })
      await presence.claim({ clock, node: config.node, isOwn, onWait: (owner, patience) => log.info({ session: owner }, `waiting for ZooKeeper session 0x${owner} to end, which has the presence of ${config.node}: of ${isOwn(owner) ? 'this daemon' : `an earlier run, or of another daemon that goes by this name; if such a one writes keepalives, this daemon ends in ${patience / 1000} s`}`) })
      return await this.own.adopt(['daemonstate', 'routerstate', 'transition'])
    })
    if (registered === null) throw new ZooKeeperError('session_expired', { op: 'connect', cause: session.lost.reason, detail: 'before the node was registered' })
    this.#closing.use('own states', new OwnStates({ session, clock, presence, own: this.own, onDifference: (reason) => this.#lose(reason) }))
    await announceStart(this.own, config.mode, registered)

    const key = this.#closing.use('key operations', new KeyOperations(session, { book, identifier: config.node, lockTimeout: config.lockTimeout, alive: this.#alive }))
    const lease = new Lease({
      clock,
      negotiated: session.negotiatedTimeout,
      renew: async (deadline) => await presence.renew(deadline),
      onExpired: () => this.#lose('the lease ran out'),
    })
    this.#lease = this.#closing.use('lease', lease)
    this.#closing.use('lease wake-up', session.onState((state) => { if (state === 'connected') lease.hasten() }))
    this.#operations = this.#operationsOn(key, lease)
    const sessionLost = () => this.#lose('the session ended')
    session.lost.addEventListener('abort', sessionLost, { once: true })
    this.#closing.defer('session watch', () => session.lost.removeEventListener('abort', sessionLost))

    const first = config.mode === 'coordinator' ? await this.#takePart(key, presence, content) : this.#standApart()
    const watch = this.#closing.use('own watch', new OwnWatch({
      session, clock, log, node: config.node, onJudged: config.mode === 'coordinator' ? null : () => this.#loseAsJudged(),
    }))
    const domains = new Domains({ ...this.#options, watch })
    this.#closing.defer('domains', async () => await domains.stop())
    log.info({ session: session.id, session_timeout: session.negotiatedTimeout / 1000 }, 'registered')
    return first()
  }

  /** A coordinator watches the whole cluster, and judges its peers by that. */
  async #takePart (key: KeyOperations, presence: Presence, content: PresenceContent): Promise<() => FirstEvent> {
    const { config, clock, log } = this.#options
    const watch = new ClusterWatch({ ...this.#options, key, alive: this.#alive, closing: this.#closing })
    const { feed } = watch
    const view = await watch.begin()
    const published = this.#closing.use('presence', new PublishedPresence(clock, presence, content))
    this.#candidacy = this.#closing.use('candidacy', this.#candidacyOf((parts) => published.set(parts)))
    this.#machine = newCoordinator(settingsOf(config), epochOf(view.key, view.ledger) ?? -1)
    const lackLog = new LackLog(config.node, log)
    this.#closing.use('view', feed.onView((next) => {
      lackLog.seen(next.members)
      if (isJudgedByPeer(next, config.node)) return this.#loseAsJudged()
      this.#dispatch({ type: 'view', view: next })
    }))
    this.#watchPeers(feed, published)
    return () => ({ type: 'view', view: feed.view ?? view })
  }

  /** A hypervisor has no view of the cluster, so its machine can decide nothing about the role: it starts, runs and leaves. */
  #standApart (): () => FirstEvent {
    this.#machine = newCoordinator(settingsOf(this.#options.config), -1)
    return () => ({ type: 'begin' })
  }

  #operationsOn (key: KeyOperations, lease: Lease): NodeOperations {
    const { clock, log, journal, config } = this.#options
    const board = this.#closing.use('resource board', new ResourceStatePublisher({
      clock, names: [...this.#resources.keys()], write: async (text) => await this.own.writeOnce('resources', text, PUBLISH_DEADLINE),
    }))
    this.#board = board
    const monitor = new ResourceMonitor({
      clock,
      log,
      resources: [...this.#resources.values()],
      board,
      mayAct: async (signal) => await lease.confirmed(signal),
      onLost: (failure) => {
        this.#faults.report({ kind: 'resource_lost', node: config.node, subject: failure.resource ?? '', detail: failure.message })
        this.#dispatch({ type: 'resource_lost', failure })
      },
      onRegained: (resource) => {
        this.#faults.over({ kind: 'resource_lost', node: config.node, subject: resource })
        this.#notes.over(resource)
        this.#dispatch({ type: 'resource_regained', resource })
      },
    })
    this.#closing.defer('monitor', async () => await monitor.stop())
    return new NodeOperations({
      clock, log, journal, key, own: this.own, lease, alive: this.#alive, resources: this.#resources, board, monitor, syncLock: this.#syncLock, onLockLost: () => this.#lose('the primary lock was lost'), onLockSlow: () => { void this.#lockWatch.held() },
    })
  }

  #candidacyOf (publish: CandidacyOptions['publish']): Candidacy {
    const { session, clock, log, config } = this.#options
    return new Candidacy({
      clock,
      log,
      keepaliveInterval: config.keepaliveInterval,
      resources: [new LayoutCheck(session), ...this.#resources.values()],
      interval: Math.min(LAYOUT_INTERVAL, ...config.resources.map(({ checkInterval }) => checkInterval)),
      preference: this.#preference,
      publish,
      onChecked: ({ unready }, failure) => {
        const backsOff = this.#machine?.timers.backoff != null
        for (const name of this.#resources.keys()) if (!backsOff && !unready.some(({ resource }) => resource === name)) this.#faults.over({ kind: 'resource_lost', node: config.node, subject: name })
        this.#dispatch({ type: 'readiness', failure })
      },
    })
  }

  readonly #alive = (name: string): boolean => this.#observer?.alive(name) ?? true

  #watchPeers (feed: ClusterSnapshots, published: PublishedPresence): void {
    const { observer, fencer, probes, recovery } = createFencing({
      ...this.#options,
      members: () => feed.view?.members ?? [],
      onView: (listener) => feed.onView(listener),
      presenceOf: (name) => feed.presenceOf(name),
      active: () => this.#machine?.daemon === 'run',
      onLook: () => feed.refresh(),
      onFault: (fault) => this.#faults.report(fault),
      onProbed: (broken) => published.set({ broken_fences: publishedBrokenFences(broken) }),
    })
    this.#observer = observer
    this.#closing.defer('fencer', async () => { await Promise.all([fencer.stop(), probes?.stop(), recovery.stop()]) })
    this.#closing.use('observer', observer)
  }

  #lose (reason: string): void { this.#dispatch({ type: 'lost', reason }) }

  #loseAsJudged (): void { this.#lose('a peer has judged this node dead') }

  #dispatch (event: Undated<CoordinatorEvent>): void {
    this.#queue.push({ ...event, wall: this.#options.clock.wall() } as CoordinatorEvent)
    if (this.#stepping || this.#machine === null) return
    this.#stepping = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { state, effects } = step(this.#machine, next)
      this.#machine = state
      this.#lease?.need(mayHold(state))
      for (const effect of effects) this.#perform(effect)
      this.#candidacy?.follow(state)
      // Until everything is released, which a start that fails has yet to do.
      if (state.daemon !== 'init') void this.#syncLock.leave()
    }
    this.#stepping = false
  }

  #perform (effect: Effect): void {
    switch (effect.type) {
      case 'do': void this.#operate(effect.id, effect.op); break
      case 'delay':
        this.#delays.set(effect.id, this.#options.clock.after(effect.ms, () => {
          this.#delays.delete(effect.id)
          this.#dispatch({ type: 'elapsed', id: effect.id })
        }))
        break
      case 'cancel':
        this.#running.get(effect.id)?.abort()
        this.#delays.get(effect.id)?.[Symbol.dispose]()
        this.#delays.delete(effect.id)
        break
      case 'note': this.#note(effect.note); break
      case 'self_fence':
        this.#notes.releaseFailed(effect.failure)
        if (this.#options.config.selfFence !== undefined) this.#selfFencing.start(effect.failure.message)
        break
      case 'ended': this.#end(effect.how); break
      default: unreachable(effect)
    }
  }

  async #operate (id: number, op: Extract<Effect, { type: 'do' }>['op']): Promise<void> {
    const { clock, log } = this.#options
    const controller = new AbortController()
    this.#running.set(id, controller)
    const begun = clock.monotonic()
    try {
      const answer = await this.#operations!.run(op, controller.signal)
      this.#running.delete(id)
      log.debug({ operation: op.op, outcome: answer.kind, duration_ms: Math.round(clock.monotonic() - begun) }, `operation ${op.op} ended: ${answer.kind}`)
      this.#dispatch({ type: 'answer', id, answer })
    } catch (error) {
      this.#running.delete(id)
      log.error({ err: error, operation: op.op }, `unexpected error in ${op.op}; releasing all resources`)
      this.#dispatch({ type: 'answer', id, answer: { kind: 'unknown' } })
      this.#lose(`${op.op} failed`)
    }
  }

  /** What is not released when the session can have ended may be held twice from then on. */
  #demoted (held: readonly string[]): void {
    this.#operations?.hurry()
    if (held.length === 0 || this.#lease === null) return
    this.#releasesDue ??= this.#options.clock.after(this.#lease.releaseTime, () => {
      this.#selfFencing.start(`not all of ${held.join(', ')} was released in the time that the lease leaves`)
    })
  }

  /** An orderly end whose time is over stops at the first release that fails: what is still held gets an attempt each. */
  async #releaseRest (): Promise<void> {
    const [held, all] = [this.held, [...this.held, ...this.unreleased]]
    if (all.length === 0) return
    const left = await this.#operations?.releaseEach(all) ?? all
    this.#left = held.filter((name) => left.includes(name))
    if (left.length === 0) await this.own.write('routerstate', 'secondary')
  }

  async #releaseLeft (signal: AbortSignal): Promise<void> {
    await this.#operations?.releaseLeft(signal).catch((err: unknown) => this.#options.log.error({ err }, 'unexpected error while releasing beside self_fence'))
  }

  #note (note: Note): void {
    const { code } = note
    if (code === 'demoted') this.#demoted(note.held)
    if (code === 'key_changed') this.#lockWatch.ended(note.outcome, note.denial)
    else if (code === 'finished' && note.procedure === 'takeover' && note.idle !== true) this.#lockWatch.acquired()
    if (code === 'failure') this.#candidacy?.because(note.failure)
    if (code === 'key_changed' && note.outcome === 'lock_timeout') {
      void this.#lockWatch.held().then((holder) => this.#notes.note(note, holder === null ? '' : `; the primary lock is held by ${holder}`))
      return
    }
    const idle = code === 'key_changed' && note.intent === 'free' && note.outcome === 'committed' ? whyNoPeerContends(this.#options.config.node, this.#machine?.view?.members ?? []) : null
    this.#notes.note(note, idle === null ? '' : `; no other coordinator takes it over at present: ${idle}`, idle !== null)
  }
}

type Undated<Event> = Event extends { wall: string } ? Omit<Event, 'wall'> : never
type FirstEvent = Extract<Undated<CoordinatorEvent>, { type: 'view' | 'begin' }>

/** Milliseconds for publishing the resources' states. */
const PUBLISH_DEADLINE = 5_000

/** A node that is alive starts again: its peers do not rely any more on what it held. */
const isJudgedByPeer = (view: ClusterSnapshot, node: string) => view.members.some(({ name, daemonState }) => name === node && (daemonState === 'dead' || daemonState === 'fenced'))

/** Something is held, or is about to be acquired. */
const mayHold = (state: Coordinator) => state.held.length > 0 ||
  (state.activity.kind === 'procedure' && state.activity.procedure.name === 'takeover' && state.activity.procedure.steps[0].do !== 'lock_role')
