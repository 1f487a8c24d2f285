/**
 * A cluster of coordinator machines in simulated time, on a `Store`: the verbs that scenarios are written in, the lives of the daemons, and what must be true
 * at every step. Deterministic; everything that happens is written down in `lines`.
 *
 * Pessimistic about what a machine holds: a resource counts as held from the moment its acquisition begins until a release of it has
 * succeeded, whatever became of the daemon meanwhile.
 */
import { newCoordinator, type CoordinatorEvent, type Effect } from '../../../src/core/coordinator/coordinator-state.ts'
import { step } from '../../../src/core/coordinator/coordinator.ts'
import { epochOf } from '../../../src/core/model/epoch.ts'
import type { KeyOp } from '../../../src/core/coordinator/key-change.ts'
import type { SwitchoverRequest } from '../../../src/core/switchover/rules.ts'
import { Keeper } from './keeper.ts'
import { SETTINGS, TIMES, type Life, type Node, type Op } from './node.ts'
import { Operations, type Happening } from './operations.ts'
import { sentence, standing } from './sentences.ts'
import { Store, type Session } from './store.ts'
import { Timeline } from './timeline.ts'

export interface ClusterOptions {
  /** In the order of acquisition. */
  readonly resources?: readonly string[]
  /** Everybody who closes records and records what somebody wrote blindly. Default true. */
  readonly keeper?: boolean
}

export class Cluster {
  readonly breaches: string[] = []
  readonly store: Store
  readonly #timeline = new Timeline()
  readonly #keeper: Keeper
  readonly #operations: Operations
  readonly #resources: readonly string[]
  readonly #nodes = new Map<string, Node>()
  readonly #before: Array<{ who: string, op: Op, run: () => void }> = []
  #sessions = 0

  constructor ({ resources = ['ip', 'dhcp'], keeper = true }: ClusterOptions = {}) {
    this.#resources = resources
    this.store = new Store({
      onChange: () => this.#onChange(),
      breach: (invariant, detail) => this.#breach(invariant, detail),
      wall: () => this.#timeline.wall(),
    })
    this.#keeper = new Keeper(this.store, this.#timeline, keeper)
    this.#operations = new Operations(this.store, this.#timeline, this.#keeper, {
      dispatch: (life, event) => this.#dispatch(life, event),
      runBefore: (who, op) => this.#runBefore(who, op),
      checkAcquire: (life, resource) => this.#checkAcquire(life, resource),
    })
  }

  /** Everything that has happened. */
  get lines (): readonly string[] { return this.#timeline.lines }

  /** Starts daemons that are not running. */
  boot (...names: string[]): void {
    this.#timeline.say('>', `boot ${names.join(' ')}`)
    for (const name of names) this.#boot(name, 'coordinator')
  }

  bootHypervisor (name: string): void {
    this.#timeline.say('>', `boot hypervisor ${name}`)
    this.#boot(name, 'hypervisor')
  }

  /** Kills the daemon at once: its session continues until it times out, and what its machine holds stays held. */
  crash (name: string): void {
    this.#timeline.say('>', `crash ${name}`)
    const node = this.#node(name)
    const { session } = node
    node.life = null
    if (session !== null) this.#timeline.after(TIMES.session, () => this.#endSession(session, name))
  }

  /** Starts a daemon that has crashed or left; it waits until its former presence is gone. */
  restart (name: string): void {
    this.#timeline.say('>', `restart ${name}`)
    this.#boot(name, this.#node(name).mode)
  }

  /** The machine goes down: nothing is held there any more. */
  powerOff (name: string): void {
    this.crash(name)
    this.#node(name).holds.clear()
  }

  shutdown (name: string): void {
    this.#timeline.say('>', `shutdown ${name}`)
    const node = this.#node(name)
    node.shutdown = true
    if (node.life !== null) this.#dispatch(node.life, { type: 'shutdown' })
  }

  /** The servers count the session out, and the daemon hears of it at once. */
  loseSession (name: string): void {
    this.#timeline.say('>', `lose session of ${name}`)
    const life = this.#life(name)
    this.#endSession(life.session, name)
    this.#failUnderWay(life)
    this.#dispatch(life, { type: 'lost', reason: 'the session ended' })
  }

  /** The daemon's own clock says that its lease is up, while its session continues. */
  expireLease (name: string): void {
    this.#timeline.say('>', `expire lease of ${name}`)
    this.#dispatch(this.#life(name), { type: 'lost', reason: 'the lease ran out' })
  }

  /** Cuts a node off: its operations hang, its lease runs out if it holds anything, then its session does. */
  cut (name: string): void {
    this.#timeline.say('>', `cut off ${name}`)
    const node = this.#node(name)
    const life = this.#life(name)
    node.cut = true
    this.#timeline.after(TIMES.session * 2 / 3, () => {
      if (node.cut && node.life === life && node.holds.size > 0) this.#dispatch(life, { type: 'lost', reason: 'the lease ran out' })
    })
    this.#timeline.after(TIMES.session, () => {
      if (!node.cut) return
      this.#endSession(life.session, name)
      if (node.life === life) this.#failUnderWay(life)
    })
  }

  heal (name: string): void {
    this.#timeline.say('>', `heal ${name}`)
    const node = this.#node(name)
    node.cut = false
    const { life, session } = node
    if (life === null) {
      if (session !== null) this.#endSession(session, name)
      return
    }
    if (life.session.over) this.#dispatch(life, { type: 'lost', reason: 'the session ended' })
    else this.#viewSoon(life)
  }

  /** A resource of a primary is gone and could not be acquired again. */
  loseResource (name: string, resource: string): void {
    this.#timeline.say('>', `lose ${resource} on ${name}`)
    this.#dispatch(this.#life(name), { type: 'resource_lost', failure: { code: 'resource_lost', resource, message: `${resource} is gone.` } })
  }

  failAcquire (name: string, resource: string): void { this.#failure(name, 'acquire', resource, 'fails') }
  hangAcquire (name: string, resource: string): void { this.#failure(name, 'acquire', resource, 'hangs') }
  failRelease (name: string, resource: string): void { this.#failure(name, 'release', resource, 'fails') }
  hangRelease (name: string, resource: string): void { this.#failure(name, 'release', resource, 'hangs') }

  mend (name: string, resource: string): void {
    this.#timeline.say('>', `mend ${resource} on ${name}`)
    const { failure } = this.#node(name)
    failure.acquire.delete(resource)
    failure.release.delete(resource)
  }

  writeKeyBlindly (value: string): void {
    this.#timeline.say('>', `write key blindly: ${value}`)
    this.store.writeKeyBlindly(value)
  }

  deleteKey (): void {
    this.#timeline.say('>', 'delete key')
    this.store.deleteKey()
  }

  makeKey (value: string): void {
    this.#timeline.say('>', `make key again: ${value}`)
    this.store.makeKey(value)
  }

  garbleLedger (): void {
    this.#timeline.say('>', 'garble ledger')
    this.store.garbleLedger()
  }

  /** A fencer, or an operator, has made sure that the node holds nothing. */
  confirmFenced (name: string): void {
    this.#timeline.say('>', `confirm that ${name} is fenced`)
    this.#node(name).holds.clear()
    this.store.write(name, 'daemonstate', 'fenced')
    this.store.write(name, 'routerstate', 'secondary')
  }

  writeDaemonState (name: string, state: string): void {
    this.#timeline.say('>', `write daemon state of ${name}: ${state}`)
    this.store.write(name, 'daemonstate', state)
  }

  writeCoordinatorState (name: string, state: string): void {
    this.#timeline.say('>', `write coordinator state of ${name}: ${state}`)
    this.store.write(name, 'routerstate', state)
  }

  /** Closes a record from outside, as an observer does whose bound has passed. */
  closeRecord (epoch: number, outcome: 'timed_out' | 'superseded'): void {
    this.#timeline.say('>', `close record ${epoch} as ${outcome}`)
    this.#keeper.close(epoch, { outcome })
  }

  /** A client's switchover, through an API of its own. `dieBefore`: the API dies as it is about to do that. */
  request (given: Partial<SwitchoverRequest>, { dieBefore }: { dieBefore?: KeyOp['op'] } = {}): void {
    const request: SwitchoverRequest = { to: null, from: null, expectedEpoch: null, timeout: null, requestedBy: 'ops', reason: null, ...given }
    const wish = [given.to == null ? '' : ` to ${given.to}`, given.from == null ? '' : ` from ${given.from}`, given.timeout == null ? '' : ` within ${given.timeout} s`]
    this.#timeline.say('>', `request${wish.join('')}${dieBefore === undefined ? '' : ` (its API dies before ${dieBefore})`}`)
    this.#operations.changeKey({ kind: 'request', request }, this.#newSession(), dieBefore)
  }

  /** Once, as `who` (a node, or `api`) is about to do `op`: `run` comes first. */
  before (who: string, op: Op, run: () => void): void {
    this.#before.push({ who, op, run })
  }

  advance (seconds: number): void {
    this.#timeline.advance(seconds, () => this.#check())
  }

  /** Where everything stands, in a line. */
  look (): string {
    return standing(this.store, [...this.#nodes.values()], this.#resources)
  }

  holds (name: string): readonly string[] {
    return [...this.#node(name).holds]
  }

  outcome (epoch: number): string | null {
    return this.store.record(epoch)?.outcome ?? null
  }

  // Lives.

  #boot (name: string, mode: 'coordinator' | 'hypervisor'): void {
    const node: Node = this.#nodes.get(name) ?? {
      name, mode, life: null, session: null, holds: new Set(), failure: { acquire: new Map(), release: new Map() }, cut: false, shutdown: false,
    }
    this.#nodes.set(name, node)
    node.shutdown = false
    this.#begin(node)
  }

  #begin (node: Node): void {
    if (node.session !== null && !node.session.over) {
      this.#timeline.after(TIMES.newLife, () => this.#begin(node))
      return
    }
    const session = this.#newSession()
    node.session = session
    this.store.register(node.name, node.mode)
    this.store.createPresence(node.name, session)
    this.store.write(node.name, 'daemonstate', 'init')
    if (this.store.key === null) this.store.makeKey('none')
    const { view } = this.store
    const settings = { self: node.name, mode: node.mode, resources: this.store.configured(node.name) ?? this.#resources, ...SETTINGS }
    const version = (child: 'routerstate' | 'transition' | 'daemonstate') => this.store.znode(node.name, child)?.version
    const life: Life = {
      node,
      session,
      machine: newCoordinator(settings, view === null ? -1 : epochOf(view.key, view.ledger) ?? -1),
      delays: new Set(),
      running: new Map(),
      versions: new Map([['routerstate', version('routerstate')], ['transition', version('transition')], ['daemonstate', version('daemonstate')]]),
      viewDue: false,
    }
    node.life = life
    this.#viewSoon(life)
    if (node.shutdown) this.#dispatch(life, { type: 'shutdown' })
  }

  #dispatch (life: Life, event: Happening): void {
    if (life.node.life !== life) return
    const { state, effects } = step(life.machine, { ...event, wall: this.#timeline.wall() } as CoordinatorEvent)
    life.machine = state
    for (const effect of effects) this.#perform(life, effect)
    this.#check()
  }

  #perform (life: Life, effect: Effect): void {
    const { name } = life.node
    switch (effect.type) {
      case 'do': return this.#operations.operate(life, effect)
      case 'delay':
        life.delays.add(effect.id)
        return this.#timeline.after(effect.ms, () => { if (life.delays.delete(effect.id)) this.#dispatch(life, { type: 'elapsed', id: effect.id }) })
      case 'cancel':
        life.delays.delete(effect.id)
        return life.running.get(effect.id)?.abort?.()
      case 'note': return this.#timeline.say(name, sentence(effect.note))
      case 'self_fence': return this.#timeline.say(name, `self-fence: ${effect.failure.message}`)
      case 'ended': return this.#onEnded(life, effect.how)
    }
  }

  #onEnded (life: Life, how: Extract<Effect, { type: 'ended' }>['how']): void {
    const { node, session } = life
    this.#timeline.say(node.name, how)
    node.life = null
    life.delays.clear()
    if (how === 'left') this.store.write(node.name, 'daemonstate', 'stop')
    if (node.cut) return this.#afterHealing(node)
    this.#endSession(session, node.name)
    if (how === 'demoted') this.#timeline.after(TIMES.newLife, () => { if (node.life === null) this.#begin(node) })
  }

  /** A node that is cut off begins again when it is back in contact, and its session has timed out on the servers. */
  #afterHealing (node: Node): void {
    this.#timeline.after(TIMES.newLife, () => {
      if (node.cut) this.#afterHealing(node)
      else if (node.life === null) this.#begin(node)
    })
  }

  #endSession (session: Session, name: string): void {
    if (session.over) return
    this.#timeline.say(name, 'session over')
    this.store.end(session)
  }

  /** Whatever was waiting for ZooKeeper will never be answered by it. */
  #failUnderWay (life: Life): void {
    for (const [id, { op }] of life.running) {
      if (op.op === 'acquire' || op.op === 'release') continue
      life.running.delete(id)
      this.#dispatch(life, { type: 'answer', id, answer: { kind: 'unknown' } })
    }
  }

  // Observers: what every coordinator and every API does beside its own part.

  #onChange (): void {
    for (const { life } of this.#nodes.values()) if (life !== null) this.#viewSoon(life)
    this.#timeline.after(TIMES.view, () => this.#keeper.keep())
  }

  #viewSoon (life: Life): void {
    if (life.viewDue) return
    life.viewDue = true
    this.#timeline.after(TIMES.view, () => {
      life.viewDue = false
      const { view } = this.store
      if (view !== null && !life.node.cut && !life.session.over) this.#dispatch(life, { type: 'view', view })
    })
  }

  // What must be true at every step.

  #check (): void {
    for (const resource of this.#resources) {
      const holders = [...this.#nodes.values()].filter(({ holds }) => holds.has(resource)).map(({ name }) => name)
      if (holders.length > 1) this.#breach('a resource is held by at most one node', `${resource}: ${holders.join(' and ')}`)
    }
    for (const { name, life } of this.#nodes.values()) {
      if (life !== null && !life.session.over && life.machine.state === 'takeover' && this.store.holder !== life.session && life.machine.activity.kind === 'procedure') {
        this.#breach('only the holder of the primary lock is in takeover', name)
      }
    }
  }

  #checkAcquire (life: Life, resource: string): void {
    const { node, session } = life
    if (this.store.member(node.name).coordinatorState !== 'takeover') this.#breach('a resource is acquired only in takeover', `${node.name}: ${resource}`)
    if (this.store.holder !== session) this.#breach('a resource is acquired only under the primary lock', `${node.name}: ${resource}`)
  }

  #breach (invariant: string, detail: string): void {
    const text = `${invariant} (${detail})`
    if (this.breaches.includes(text)) return
    this.breaches.push(text)
    this.#timeline.say('!!', text)
  }

  #runBefore (who: string, op: Op): void {
    const index = this.#before.findIndex((hook) => hook.who === who && hook.op === op)
    if (index === -1) return
    const [hook] = this.#before.splice(index, 1)
    hook?.run()
  }

  #newSession (): Session {
    return { id: String(++this.#sessions), over: false }
  }

  #failure (name: string, kind: 'acquire' | 'release', resource: string, how: 'fails' | 'hangs'): void {
    this.#timeline.say('>', `${kind} of ${resource} ${how} on ${name}`)
    this.#node(name).failure[kind].set(resource, how)
  }

  #node (name: string): Node {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`no node is called ${name}`)
    return node
  }

  #life (name: string): Life {
    const { life } = this.#node(name)
    if (life === null) throw new Error(`${name} is down`)
    return life
  }
}
