/** Carries out the faults of ZooKeeper's service. */
import { DOER, sessionTimeoutOf, type Fault, type Stage } from '../faults.ts'
import type { Judge } from '../../invariants/judge.ts'
import type { Impairments } from '../impairments.ts'
import type { Machine } from '../machine.ts'
import type { Timeline } from '../timeline.ts'
import type { SimulatedZooKeeper } from '../zookeeper/client.ts'
import type { Server } from '../zookeeper/server.ts'
import type { EnsembleFault, EnsembleFaultKind } from './kinds.ts'

export interface ServiceOptions {
  readonly stage: Stage
  readonly timeline: Timeline
  readonly zookeeper: SimulatedZooKeeper
  readonly impairments: Impairments
  readonly judge: () => Judge
  readonly machines: ReadonlyMap<string, Machine>
  /** An operator takes the power from a machine. */
  readonly powerOff: (machine: string) => void
  /** A follower serves nobody well for so many milliseconds. */
  readonly slow: (server: Server, lasts: number) => void
}

export class Service {
  readonly #options: ServiceOptions
  /** How many have struck, by kind. */
  readonly struck = new Map<EnsembleFaultKind, number>()
  /** Milliseconds of the timeline until which all servers are stopped. */
  #awayUntil = 0

  constructor (options: ServiceOptions) {
    this.#options = options
  }

  strike (fault: Extract<Fault, EnsembleFault>): void {
    this.struck.set(fault.kind, (this.struck.get(fault.kind) ?? 0) + 1)
    const { ensemble } = this.#options.zookeeper
    switch (fault.kind) {
      case 'wipe': return this.#loseData(0, fault.lasts)
      case 'restore': return this.#loseData(Math.max(0, ensemble.transactions - fault.lost), fault.lasts)
      case 'deny': return this.#deny(fault)
      case 'auth_required': return this.#requireAuthentication(fault.lasts)
      case 'turn_away': return this.#turnAway(fault)
      case 'lag': return this.#lag(fault)
      default: fault satisfies never
    }
  }

  #deny ({ path, allowed, lasts }: Extract<EnsembleFault, { kind: 'deny' }>): void {
    const { timeline, zookeeper: { ensemble: { access } }, impairments } = this.#options
    const [, top, node] = path.split('/')
    // It cannot say what it has to, and others cannot read of it.
    if (top === 'nodes' && node !== undefined) impairments.mark(node, lasts)
    impairments.markAll(lasts)
    access.allow(path, allowed)
    timeline.after(lasts, () => access.allow(path, null))
  }

  #requireAuthentication (lasts: number): void {
    const { stage, timeline, zookeeper: { ensemble }, impairments } = this.#options
    // A node is barred by its own session, which it could not close.
    impairments.markAll(lasts + 2 * sessionTimeoutOf(stage))
    for (const server of ensemble.servers) {
      server.authRequired = true
      timeline.after(lasts, () => { server.authRequired = false })
    }
  }

  #turnAway ({ process, servers, lasts }: Extract<EnsembleFault, { kind: 'turn_away' }>): void {
    const { zookeeper: { network }, impairments } = this.#options
    impairments.mark(process, lasts)
    for (const server of servers) network.turnAway(process, server, lasts)
    network.reset(process)
  }

  #lag ({ server: number, lasts }: Extract<EnsembleFault, { kind: 'lag' }>): void {
    const { timeline, zookeeper: { ensemble }, slow } = this.#options
    const server = number === DOER ? undefined : ensemble.servers[number]
    if (server === undefined || server === ensemble.leader) return
    slow(server, lasts)
    server.lagsUntil = Math.max(server.lagsUntil, timeline.now + lasts)
  }

  /**
   * What an operator has to do before servers start from other data is done: they stay away for longer than a lease lasts, and a machine that has not
   * released everything by then, because its daemon is dead or its commands fail, is powered off.
   */
  #loseData (kept: number, lasts: number): void {
    const { stage, timeline, zookeeper, impairments, judge } = this.#options
    // Sessions that the servers refuse are given up, and one that is in the backup bars its node until it has ended.
    impairments.markAll(lasts + 2 * sessionTimeoutOf(stage))
    this.#awayUntil = Math.max(this.#awayUntil, timeline.now + lasts)
    timeline.after(this.#awayUntil - 1 - timeline.now, () => this.#clear())
    zookeeper.ensemble.loseData(kept, lasts)
    judge().dataLost()
  }

  #clear (): void {
    const { stage, machines, judge, powerOff } = this.#options
    for (const machine of machines.values()) {
      if (machine.holds.size === 0) continue
      if (stage.fencing === 'unfenced' && machine.daemon?.running === true) judge().outlived(machine)
      powerOff(machine.name)
    }
  }
}
