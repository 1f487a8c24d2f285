/** A whole cluster in one process: the production daemons on simulated machines, and everything that can be done to them. */
import { createLogger, type Logger } from '../../src/runtime/log/log.ts'
import { clusterServices, type ClusterServices } from '../../src/pvcapid/cluster-services.ts'
import { defaultLimits } from '../../src/pvcapid/config/schema.ts'
import { ApiError } from '../../src/pvcapid/errors/errors.ts'
import { NodeDaemon } from '../../src/pvcnoded/daemon/daemon.ts'
import { collectorsOf } from './collectors.ts'
import { aimedAt, DOER, isRequest, KEEPALIVE_INTERVAL, sentence, sessionTimeoutOf, type Doer, type Fault, type Stage } from './faults.ts'
import { isEnsembleFault } from './ensemble-faults/kinds.ts'
import { Service } from './ensemble-faults/service.ts'
import { Judge, type Told } from '../invariants/judge.ts'
import { Impairments } from './impairments.ts'
import { Machine, type FencingHumour } from './machine.ts'
import { configOf, resourcesOf } from './node-config.ts'
import { Operator, OPERATOR } from './operator.ts'
import { Process } from './process.ts'
import { PvcDaemon } from './pvc/daemon.ts'
import type { Random } from './random.ts'
import { stepOf, type Step } from './steps.ts'
import type { Timeline } from './timeline.ts'
import { simulatedConnector, type SimulatedZooKeeper } from './zookeeper/client.ts'
import { Ensemble } from './zookeeper/ensemble.ts'
import { Network } from './zookeeper/network.ts'
import type { Server } from './zookeeper/server.ts'

/** Milliseconds from the loss of a machine's power until its daemons start again. */
const POWER_CYCLE = 20_000
/** Milliseconds until the others give up a leader that is silent: syncLimit × tickTime. */
const SYNC_LIMIT = 10_000
/** Milliseconds, typically, of a network on which no renewal is late by itself. */
const PROMPT = 4

export interface ClusterOptions {
  readonly stage: Stage
  readonly timeline: Timeline
  readonly random: Random
  /** What happens, as it happens, for people. */
  readonly tell: (who: string, what: string) => void
}

interface Slot {
  process: Process
  daemon: NodeDaemon | PvcDaemon | null
  services: ClusterServices | null
  /** Killed or stopped on purpose, and not started again yet. */
  down: boolean
}

export class SimulatedCluster {
  readonly judge: Judge
  readonly machines = new Map<string, Machine>()
  readonly #options: ClusterOptions
  readonly #zookeeper: SimulatedZooKeeper
  readonly #slots = new Map<string, Slot>()
  readonly #impairments: Impairments
  readonly #operator: Operator
  readonly #service: Service
  /** Faults that wait for their cue. */
  readonly #waiting = new Set<Fault>()
  /** How many have struck, and how many requests were made. */
  readonly struck = { faults: 0, requests: 0 }
  /** Milliseconds of the timeline by which everything that has struck so far is right again. */
  troubledUntil = 0
  /** Server → the moment at which it answers again, and in time. */
  readonly #silent = new Map<number, number>()
  #fencing: FencingHumour = 'good'
  #life = 0

  /**
   * Whether each message takes less than a renewal has time for. Of a network of 20 ms two messages in a hundred take 0.1 to 0.8 s, and two renewals in a row can
   * be late without any fault: nothing is promised of leases there.
   */
  get #isPrompt (): boolean { return this.#options.stage.latency <= PROMPT }

  constructor (options: ClusterOptions) {
    this.#options = options
    const { stage, timeline, random, tell } = options
    this.#impairments = new Impairments(timeline)
    const network = new Network({ timeline, random: random.stream('network'), latency: stage.latency })
    const ensemble = new Ensemble({
      timeline,
      random: random.stream('ensemble'),
      servers: stage.servers,
      latency: stage.latency,
      disk: 1,
      maxSessionTimeout: stage.maxSessionTimeout,
      onCommit: (transaction) => {
        const { change } = transaction
        if (change.op === 'set' && !/keepalive|presence/.test(change.path)) tell('zookeeper', `${change.path} = ${change.data}`)
        if (change.op === 'create' && !change.ephemeral && /switchovers|primary_node/.test(change.path)) tell('zookeeper', `${change.path} + ${change.data}`)
        if (change.op === 'close_session') tell('zookeeper', `session ${transaction.session} ends`)
        this.judge.committed(transaction)
        this.#cue(stepOf(change), { name: this.#zookeeper.owners.get(transaction.session), server: ensemble.sessions.get(transaction.session)?.owner.id })
      },
    })
    this.#zookeeper = { ensemble, network, random: random.stream('clients'), owners: new Map() }
    this.#operator = new Operator({ zookeeper: this.#zookeeper, timeline, sessionTimeout: stage.sessionTimeout })
    this.#service = new Service({ stage, timeline, zookeeper: this.#zookeeper, impairments: this.#impairments, judge: () => this.judge, machines: this.machines, powerOff: (machine) => this.#powerOff(machine, OPERATOR), slow: (server, lasts) => this.#slow(server, lasts) })
    for (const name of stage.nodes) {
      this.machines.set(name, new Machine({
        name,
        timeline,
        random: random.stream(`machine ${name}`),
        onChange: (machine, resource, held) => {
          tell(name, held ? `holds ${resource}` : `releases ${resource}`)
          if (held) this.judge.held(machine, resource)
          this.#cue(held ? 'acquire' : 'release', { name, server: undefined })
        },
        fencing: () => this.#fencing,
        powerOff: (target) => this.#powerOff(target, target === name ? 'itself' : name),
      }))
    }
    const outsiders = new Set([OPERATOR, ...stage.pvc === null ? [] : [stage.pvc.node]])
    this.judge = new Judge({
      znodes: () => ensemble.committed,
      machines: () => this.machines.values(),
      now: () => timeline.now,
      isOutsider: (session) => outsiders.has(this.#zookeeper.owners.get(session) ?? ''),
      isOperator: (session) => this.#zookeeper.owners.get(session) === OPERATOR,
      pvc: stage.pvc,
      leases: stage.fencing === 'unfenced',
      sound: (name) => this.#isPrompt ? this.#impairments.sinceAny(name) : 0,
    })
    for (const name of [...stage.nodes, ...stage.apis]) this.#start(name)
    const look = () => {
      for (const name of stage.nodes) {
        const sound = this.#impairments.sinceSlow(name)
        const started = this.#slots.get(name)?.process.started ?? 0
        this.judge.punctual(name, sound, started)
        this.judge.registered(name, Math.min(sound, timeline.now - started), 2 * sessionTimeoutOf(stage))
      }
      this.judge.role()
      timeline.after(1_000, look)
    }
    look()
  }

  /** Faults of ZooKeeper's service that have struck. */
  get ensembleFaults () { return this.#service.struck }

  /** Its time has come: it strikes, or waits for its cue. */
  release (fault: Fault): void {
    if (fault.cue === undefined) this.#strike(fault)
    else this.#waiting.add(fault)
  }

  /** Somebody has taken a step. */
  #cue (step: Step | null, doer: Doer): void {
    const { timeline, stage } = this.#options
    if (timeline.now >= stage.span) return
    for (const fault of this.#waiting) {
      if (fault.cue?.on !== step) continue
      const aimed = aimedAt(fault, doer, stage)
      if (aimed === null) continue
      this.#waiting.delete(fault)
      timeline.after(fault.cue.after, () => this.#strike(aimed))
    }
  }

  /** Does what a fault says, and puts it right in its time. */
  #strike (fault: Fault): void {
    const { timeline, stage, tell } = this.#options
    tell('FAULT', sentence(fault))
    this.struck[isRequest(fault) ? 'requests' : 'faults']++
    // A shutdown that does not end is ended by its service manager.
    if ('lasts' in fault) this.troubledUntil = Math.max(this.troubledUntil, timeline.now + fault.lasts + 31_000)
    const { ensemble, network } = this.#zookeeper
    const undo = (lasts: number, action: () => void) => { timeline.after(lasts, action) }
    if (isEnsembleFault(fault)) return this.#service.strike(fault)
    this.#impairments.strike(fault)
    switch (fault.kind) {
      case 'kill': {
        const slot = this.#slots.get(fault.process)
        if (slot === undefined || slot.down) return
        slot.down = true
        slot.process.kill()
        this.#releaseAfterCrash(fault.process)
        return undo(fault.lasts, () => this.#restart(fault.process, slot))
      }
      case 'pause': {
        const slot = this.#slots.get(fault.process)
        const process = slot?.process
        process?.pause()
        return undo(fault.lasts, () => process?.resume())
      }
      case 'shutdown': {
        const slot = this.#slots.get(fault.node)
        if (slot === undefined || slot.down) return
        slot.down = true
        slot.process.deliver(() => slot.daemon?.shutdown())
        // Service managers kill what does not end.
        return undo(fault.lasts + 30_000, () => {
          slot.process.kill()
          this.#restart(fault.node, slot)
        })
      }
      case 'cut':
        for (const server of fault.servers) network.cut(fault.process, server, fault.way)
        return undo(fault.lasts, () => { for (const server of fault.servers) network.heal(fault.process, server) })
      case 'stall':
        for (const server of fault.servers) network.stall(fault.process, server, fault.way, fault.lasts)
        return
      case 'reset': return network.reset(fault.process)
      case 'server_down': {
        const servers = ensemble.servers.filter(({ id }) => fault.servers.includes(id))
        for (const server of servers) ensemble.setUp(server, false)
        return undo(fault.lasts, () => { for (const server of servers) ensemble.setUp(server, true) })
      }
      case 'server_cut': {
        const server = fault.server === DOER ? undefined : ensemble.servers[fault.server]
        if (server === undefined || stage.servers === 1) return
        ensemble.setCut(server, true)
        return undo(fault.lasts, () => ensemble.setCut(server, false))
      }
      case 'server_silent': return this.#silence(fault.server, fault.lasts)
      case 'reelect': return ensemble.reelect()
      case 'resource': {
        const humours = this.machines.get(fault.node)?.humours
        humours?.set(fault.resource, fault.humour)
        return undo(fault.lasts, () => humours?.delete(fault.resource))
      }
      case 'unready': { // What a node is not configured with it does not check.
        const unready = resourcesOf(fault.node, stage).includes(fault.resource) ? this.machines.get(fault.node)?.unready : undefined
        unready?.set(fault.resource, timeline.now)
        return undo(fault.lasts, () => unready?.delete(fault.resource))
      }
      case 'left_lock':
        this.#operator.leaveLock()
        return undo(fault.lasts, () => this.#operator.removeLocks())
      case 'fencing':
        this.#fencing = fault.humour
        return undo(fault.lasts, () => { this.#fencing = 'good' })
      case 'blind_write': return this.#operator.writeKey(fault.value)
      case 'key_restored': return this.#operator.restoreKey(fault.value)
      case 'skew': {
        const process = this.#slots.get(fault.process)?.process
        // PVC compares the clocks of machines: none may be wrong beside it.
        if (process !== undefined && stage.pvc === null) process.skew = fault.by
        return
      }
      case 'request': return this.#request(fault.api, fault.to, { reason: `request ${this.struck.requests}`, attempt: 1, attempts: fault.again ? 2 : 1, force: fault.force === true || this.struck.requests % 2 === 0 })
      default: fault satisfies never
    }
  }

  /** A server stops answering anybody, and closes nothing. One follower alone must cost nobody anything; anything more is a failure of the ensemble. */
  #silence (number: number | typeof DOER, lasts: number): void {
    const { timeline, stage } = this.#options
    const { ensemble, network } = this.#zookeeper
    const server = number === DOER ? undefined : ensemble.servers[number]
    if (server === undefined) return
    this.#slow(server, lasts)
    const everybody = [...stage.nodes, ...stage.apis, OPERATOR]
    for (const name of everybody) network.cut(name, server.id, 'both')
    timeline.after(lasts, () => { for (const name of everybody) network.heal(name, server.id) })
    // A leader that says nothing is replaced once the others have noticed.
    if (server === ensemble.leader) timeline.after(Math.min(lasts, SYNC_LIMIT), () => { if (server === ensemble.leader) ensemble.reelect() })
  }

  /** What it costs that a server serves nobody well: a client needs a while to leave it, and with a second one, or the leader, it is the ensemble that is ill. */
  #slow (server: Server, lasts: number): void {
    const { timeline, stage } = this.#options
    const until = timeline.now + lasts
    if (server === this.#zookeeper.ensemble.leader || stage.servers < 3 || [...this.#silent].some(([other, end]) => other !== server.id && end > timeline.now)) this.#impairments.markAll(lasts)
    const untilLeft = sessionTimeoutOf(stage) / 4
    if (untilLeft > KEEPALIVE_INTERVAL) this.#impairments.markSlow(lasts + untilLeft)
    this.#silent.set(server.id, Math.max(this.#silent.get(server.id) ?? 0, until))
  }

  /** Ends every fault: processes that are down start, and paused ones continue. */
  heal (): void {
    const { ensemble, network } = this.#zookeeper
    this.#fencing = 'good'
    for (const server of ensemble.servers) {
      ensemble.setCut(server, false)
      ensemble.setUp(server, true)
    }
    for (const [name, slot] of this.#slots) {
      for (const server of ensemble.servers) network.heal(name, server.id)
      slot.process.resume()
      if (!slot.process.alive) this.#start(name)
    }
    for (const { humours, unready } of this.machines.values()) for (const trouble of [humours, unready]) trouble.clear()
    this.#operator.removeLocks()
  }

  #request (api: string, to: string, { reason, attempt, attempts, force }: { reason: string, attempt: number, attempts: number, force: boolean }): void {
    const { timeline, tell } = this.#options
    const { losses } = this.judge
    const slot = this.#slots.get(api)
    if (slot === undefined || slot.services === null) return
    const { services, process } = slot
    process.deliver(() => {
      const ask = async (): Promise<Told> => {
        try {
          const reply = await services.switchovers.request({
            to, ifMatch: undefined, requestedBy: null, reason, wait: undefined, client: undefined, url: '/api/v1/switchover', force: force ? ['health', 'priority', 'resources'] : [],
          })
          const epoch = Number(reply.headers['location']?.split('/').at(-1))
          if ('outcome' in reply.body && reply.body.outcome === 'unknown') return { kind: 'unknown', epoch }
          return { kind: reply.status === 200 ? 'already' : 'to' in reply.body && reply.body.cause === 'request' ? 'committed' : 'in_flight', epoch }
        } catch (error) {
          if (error instanceof ApiError) return { kind: 'not_started' }
          throw error
        }
      }
      ask().then((told) => {
        tell(api, `was asked for ${to}: ${JSON.stringify(told)}`)
        // What was committed to data that are gone by now shows nowhere.
        if (losses === this.judge.losses) this.judge.told(told, { to, reason, alone: attempts === 1 })
        if (attempt < attempts) timeline.after(50, () => this.#request(api, to, { reason, attempt: attempt + 1, attempts, force }))
      }).catch((error: unknown) => this.judge.broke(`${api}: ${String(error)}`))
    })
  }

  /** Its daemon ends, it holds nothing, and it is on again some time later. */
  #powerOff (name: string, by: string): void {
    const { stage, timeline, tell } = this.#options
    const slot = this.#slots.get(name)
    if (slot === undefined) return
    tell(name, `loses its power, by ${by}`)
    // How PVC judges is its own affair.
    if (by !== 'itself' && by !== OPERATOR && by !== stage.pvc?.node) this.judge.fenced(name, slot.process.running ? this.#impairments.of(name) : 0, slot.process.started)
    slot.process.kill()
    this.machines.get(name)?.release()
    this.#impairments.mark(name, POWER_CYCLE)
    timeline.after(POWER_CYCLE, () => this.#restart(name, slot))
  }

  /** What the service manager runs after a daemon that has crashed, where the configuration depends on it. */
  #releaseAfterCrash (name: string): void {
    const { stage, timeline, random } = this.#options
    if (stage.fencing === 'unfenced' && name !== stage.pvc?.node) timeline.after(random.stream(`${name} crash ${this.#life}`).between(50, 500), () => this.machines.get(name)?.release())
  }

  /** Starts it again, unless somebody has. */
  #restart (name: string, slot: Slot): void {
    if (this.#slots.get(name) === slot && !slot.process.alive) this.#start(name)
  }

  #start (name: string): void {
    const { stage, timeline, random, tell } = this.#options
    const process = new Process(name, timeline)
    const slot: Slot = { process, daemon: null, services: null, down: false }
    this.#slots.set(name, slot)
    const chance = random.stream(`${name} ${++this.#life}`)
    // One probe a second, as many requests as the seeds were found with.
    const shared = { connector: simulatedConnector(this.#zookeeper, process), clock: process.clock, random: chance.next, uuid: chance.uuid, log: this.#log(name, process), probed: 1 }
    tell(name, 'starts')
    process.deliver(() => {
      if (stage.apis.includes(name)) {
        slot.services = clusterServices({ ...shared, servers: ['zookeeper'], sessionTimeout: stage.sessionTimeout, identifier: name, node: undefined, limits: defaultLimits, logLinesDropped: () => 0 })
        return
      }
      const machine = this.machines.get(name)
      if (machine === undefined) return
      slot.daemon = stage.pvc?.node === name
        ? new PvcDaemon({
          ...shared, traits: stage.pvc, random: chance.stream('pvc'), commands: machine.commandsOf(process), resources: stage.resources, sessionTimeout: stage.sessionTimeout, timed: stage.pvc.calm && this.#isPrompt, onMistaken: (peer) => this.judge.mistaken(peer),
        })
        : new NodeDaemon({
          ...shared, config: configOf(name, stage), commands: machine.commandsOf(process), facts: { cpus: 1, kernel: '', os: '', arch: '' }, collectors: collectorsOf(process, chance.stream('collectors'), (stage.candidates[name]?.minHealth ?? 0) > 0), version: '0',
        })
      const end: Promise<unknown> = slot.daemon.run()
      end.then(
        () => {
          tell(name, 'has stopped')
          process.kill()
        },
        (error: unknown) => {
          tell(name, `ends: ${String(error)}`)
          process.kill()
          this.#releaseAfterCrash(name)
          // As a service manager does it.
          timeline.after(2_000, () => this.#restart(name, slot))
        },
      )
    })
  }

  #log (name: string, process: Process): Logger {
    const { tell } = this.#options
    return createLogger({
      name: 'pvcnoded',
      level: 'info',
      clock: process.clock,
      destination: {
        write: (line: string) => {
          const { level, time: _time, name: _name, pid: _pid, hostname: _host, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
          // Where in the code an error was made depends on who runs the simulator.
          const leaseExpired = rest['event'] === 'demoted' && rest['reason'] === 'the lease ran out'
          if (leaseExpired) this.judge.leaseExpired(name, this.#isPrompt ? this.#impairments.sinceAny(name) : null)
          if (leaseExpired && !this.#isPrompt) this.#impairments.leaseExpired(name)
          if (String(msg).startsWith('unexpected error')) this.judge.broke(`${name}: ${String(msg)}`)
          tell(name, `${String(level)}: ${String(msg)} ${JSON.stringify(rest, (key, value: unknown) => key === 'stack' ? undefined : value)}`)
        },
      },
    })
  }
}
