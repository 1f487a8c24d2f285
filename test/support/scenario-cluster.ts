/**
 * A cluster of coordinator machines in simulated time, on a `Store`. Deterministic: one queue of events, ordered by time and then by the
 * order in which they were asked for. Verbs are the field's; everything that happens is written down in `lines`.
 *
 * Pessimistic about what a machine holds: a resource counts as held from the moment its acquisition begins until a release of it has
 * succeeded, whatever became of the daemon meanwhile.
 */
import { verdictOn } from '../../src/core/completion.ts'
import { newCoordinator, type Coordinator, type CoordinatorEvent, type Effect, type NodeAnswer, type NodeOp, type Note } from '../../src/core/coordinator-state.ts'
import { step } from '../../src/core/coordinator.ts'
import { epochOf } from '../../src/core/epoch.ts'
import type { Intent } from '../../src/core/intent.ts'
import { beginKeyChange, continueKeyChange, type KeyAnswer, type KeyChange, type KeyOp, type KeyOutcome } from '../../src/core/key-change.ts'
import { particularsOf } from '../../src/core/progress.ts'
import { closeRecord, isOpen, openRecord } from '../../src/core/record.ts'
import { primaryOf, type SwitchoverRequest } from '../../src/core/switchover-rules.ts'
import { Store, type Session } from './scenario-store.ts'

/** Milliseconds. */
const TIMES = {
  operation: 2,
  view: 3,
  acquire: 100,
  release: 50,
  releaseTimeout: 5_000,
  killed: 20,
  lockTimeout: 400,
  session: 10_000,
  newLife: 100,
  unrecorded: 250,
  grace: 5_000,
}

const SETTINGS = {
  delays: { transitionDelay: 500, takeoverStart: 5_000, reclaimDelay: 5_000, settleTime: 2_000, handoverTimeout: 120_000 },
  standBack: { first: 5_000, most: 300_000 },
}

export interface ClusterOptions {
  /** In the order of acquisition. */
  readonly resources?: readonly string[]
  /** Everybody who closes records and records what somebody wrote blindly. Default true. */
  readonly keeper?: boolean
}

type Op = NodeOp['op']
type Coded<T extends Effect['type']> = Extract<Effect, { type: T }>

/** One process of one node: from its start until it has left, was demoted or has crashed. */
interface Life {
  readonly node: Node
  readonly session: Session
  machine: Coordinator
  readonly delays: Set<number>
  readonly underWay: Map<number, { readonly op: NodeOp, readonly abort: (() => void) | null }>
  /** Versions of its own znodes as this life knows them. */
  readonly versions: Map<'routerstate' | 'transition' | 'daemonstate', number | undefined>
  viewDue: boolean
}

interface Node {
  readonly name: string
  readonly mode: 'coordinator' | 'hypervisor'
  life: Life | null
  session: Session | null
  /** What this machine may hold, whatever its daemon knows of it. */
  readonly holds: Set<string>
  readonly trouble: { readonly acquire: Map<string, 'fails' | 'hangs'>, readonly release: Map<string, 'fails' | 'hangs'> }
  cut: boolean
  shutdown: boolean
}

export class Cluster {
  readonly lines: string[] = []
  readonly breaches: string[] = []
  readonly store: Store
  readonly #resources: readonly string[]
  readonly #nodes = new Map<string, Node>()
  readonly #bounds = new Map<number, number>()
  readonly #before: Array<{ who: string, op: Op, run: () => void }> = []
  #queue: Array<{ at: number, order: number, run: () => void }> = []
  #order = 0
  #now = 0
  #sessions = 0
  #unrecorded: number | null = null
  #keeper: boolean

  constructor ({ resources = ['ip', 'dhcp'], keeper = true }: ClusterOptions = {}) {
    this.#resources = resources
    this.#keeper = keeper
    this.store = new Store({
      onChange: () => this.#onChange(),
      breach: (invariant, detail) => this.#breach(invariant, detail),
      wall: () => this.#wall(),
    })
  }

  // Verbs.

  /** Starts daemons that are not running. */
  boot (...names: string[]): void {
    this.#say('>', `boot ${names.join(' ')}`)
    for (const name of names) this.#boot(name, 'coordinator')
  }

  bootHypervisor (name: string): void {
    this.#say('>', `boot hypervisor ${name}`)
    this.#boot(name, 'hypervisor')
  }

  /** Kills the daemon at once: its session goes on until it times out, and what its machine holds stays held. */
  crash (name: string): void {
    this.#say('>', `crash ${name}`)
    const node = this.#node(name)
    const { session } = node
    node.life = null
    if (session !== null) this.#after(TIMES.session, () => this.#endSession(session, name))
  }

  /** Starts a daemon that has crashed or left; it waits until its former presence is gone. */
  restart (name: string): void {
    this.#say('>', `restart ${name}`)
    this.#boot(name, this.#node(name).mode)
  }

  /** The machine goes down: nothing is held there any more. */
  powerOff (name: string): void {
    this.crash(name)
    this.#node(name).holds.clear()
  }

  shutdown (name: string): void {
    this.#say('>', `shutdown ${name}`)
    const node = this.#node(name)
    node.shutdown = true
    if (node.life !== null) this.#dispatch(node.life, { type: 'shutdown' })
  }

  /** The servers count the session out, and the daemon hears of it at once. */
  loseSession (name: string): void {
    this.#say('>', `lose session of ${name}`)
    const life = this.#life(name)
    this.#endSession(life.session, name)
    this.#failUnderWay(life)
    this.#dispatch(life, { type: 'lost', reason: 'the session ended' })
  }

  /** The daemon's own clock says that its lease is up, while its session goes on. */
  expireLease (name: string): void {
    this.#say('>', `expire lease of ${name}`)
    this.#dispatch(this.#life(name), { type: 'lost', reason: 'the lease ran out' })
  }

  /** Cuts a node off: its operations hang, its lease runs out if it holds anything, then its session does. */
  cut (name: string): void {
    this.#say('>', `cut off ${name}`)
    const node = this.#node(name)
    const life = this.#life(name)
    node.cut = true
    this.#after(TIMES.session * 2 / 3, () => {
      if (node.cut && node.life === life && node.holds.size > 0) this.#dispatch(life, { type: 'lost', reason: 'the lease ran out' })
    })
    this.#after(TIMES.session, () => {
      if (!node.cut) return
      this.#endSession(life.session, name)
      if (node.life === life) this.#failUnderWay(life)
    })
  }

  heal (name: string): void {
    this.#say('>', `heal ${name}`)
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
    this.#say('>', `lose ${resource} on ${name}`)
    this.#dispatch(this.#life(name), { type: 'resource_lost', trouble: { code: 'resource_lost', resource, message: `${resource} is gone.` } })
  }

  failAcquire (name: string, resource: string): void { this.#trouble(name, 'acquire', resource, 'fails') }
  hangAcquire (name: string, resource: string): void { this.#trouble(name, 'acquire', resource, 'hangs') }
  failRelease (name: string, resource: string): void { this.#trouble(name, 'release', resource, 'fails') }
  hangRelease (name: string, resource: string): void { this.#trouble(name, 'release', resource, 'hangs') }

  mend (name: string, resource: string): void {
    this.#say('>', `mend ${resource} on ${name}`)
    const { trouble } = this.#node(name)
    trouble.acquire.delete(resource)
    trouble.release.delete(resource)
  }

  writeKeyBlindly (value: string): void {
    this.#say('>', `write key blindly: ${value}`)
    this.store.writeKeyBlindly(value)
  }

  deleteKey (): void {
    this.#say('>', 'delete key')
    this.store.deleteKey()
  }

  makeKey (value: string): void {
    this.#say('>', `make key anew: ${value}`)
    this.store.makeKey(value)
  }

  garbleLedger (): void {
    this.#say('>', 'garble ledger')
    this.store.garbleLedger()
  }

  /** A fencer, or an operator, has made sure that the node holds nothing. */
  confirmFenced (name: string): void {
    this.#say('>', `confirm that ${name} is fenced`)
    this.#node(name).holds.clear()
    this.store.write(name, 'daemonstate', 'fenced')
    this.store.write(name, 'routerstate', 'secondary')
  }

  writeDaemonState (name: string, state: string): void {
    this.#say('>', `write daemon state of ${name}: ${state}`)
    this.store.write(name, 'daemonstate', state)
  }

  writeCoordinatorState (name: string, state: string): void {
    this.#say('>', `write coordinator state of ${name}: ${state}`)
    this.store.write(name, 'routerstate', state)
  }

  /** Closes a record from outside, as an observer does whose bound has passed. */
  closeRecord (epoch: number, outcome: 'timed_out' | 'superseded'): void {
    this.#say('>', `close record ${epoch} as ${outcome}`)
    this.#close(epoch, { outcome })
  }

  /** A client's switchover, through an API of its own. `dieBefore`: the API dies as it is about to do that. */
  request (given: Partial<SwitchoverRequest>, { dieBefore }: { dieBefore?: KeyOp['op'] } = {}): void {
    const request: SwitchoverRequest = { to: null, from: null, expectedEpoch: null, timeout: null, requestedBy: 'ops', reason: null, ...given }
    const wish = [given.to == null ? '' : ` to ${given.to}`, given.from == null ? '' : ` from ${given.from}`, given.timeout == null ? '' : ` within ${given.timeout} s`]
    this.#say('>', `request${wish.join('')}${dieBefore === undefined ? '' : ` (its API dies before ${dieBefore})`}`)
    this.#changeKey({ kind: 'request', request }, dieBefore)
  }

  /** Once, as `who` (a node, or `api`) is about to do `op`: `run` comes first. */
  before (who: string, op: Op, run: () => void): void {
    this.#before.push({ who, op, run })
  }

  advance (seconds: number): void {
    const until = this.#now + Math.round(seconds * 1000)
    for (let steps = 0; ; steps++) {
      const next = this.#queue[0]
      if (next === undefined || next.at > until) break
      if (steps > 100_000) throw new Error('this never comes to rest')
      this.#queue.shift()
      this.#now = next.at
      next.run()
      this.#check()
    }
    this.#now = until
  }

  /** Where everything stands, in a line. */
  look (): string {
    const { key, epoch } = this.store
    const nodes = [...this.#nodes.values()].map(({ name, holds, life }) => {
      const member = this.store.member(name)
      const held = this.#resources.filter((resource) => holds.has(resource))
      return `${name} ${member.daemonState ?? '-'}/${member.coordinatorState ?? '-'}${life === null ? ' down' : ''}${held.length > 0 ? ` holds ${held.join('+')}` : ''}`
    })
    return `key ${key?.value ?? 'missing'} (${epoch ?? 'unknown'}); ${nodes.join('; ')}`
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
      name, mode, life: null, session: null, holds: new Set(), trouble: { acquire: new Map(), release: new Map() }, cut: false, shutdown: false,
    }
    this.#nodes.set(name, node)
    node.shutdown = false
    this.#begin(node)
  }

  #begin (node: Node): void {
    if (node.session !== null && !node.session.over) {
      this.#after(TIMES.newLife, () => this.#begin(node))
      return
    }
    const session: Session = { id: String(++this.#sessions), over: false }
    node.session = session
    this.store.register(node.name, node.mode)
    this.store.createPresence(node.name, session)
    this.store.write(node.name, 'daemonstate', 'init')
    if (this.store.key === null) this.store.makeKey('none')
    const { view } = this.store
    const settings = { self: node.name, mode: node.mode, resources: this.#resources, ...SETTINGS }
    const version = (child: 'routerstate' | 'transition' | 'daemonstate') => this.store.znode(node.name, child)?.version
    const life: Life = {
      node,
      session,
      machine: newCoordinator(settings, view === null ? -1 : epochOf(view.key, view.ledger) ?? -1),
      delays: new Set(),
      underWay: new Map(),
      versions: new Map([['routerstate', version('routerstate')], ['transition', version('transition')], ['daemonstate', version('daemonstate')]]),
      viewDue: false,
    }
    node.life = life
    this.#viewSoon(life)
    if (node.shutdown) this.#dispatch(life, { type: 'shutdown' })
  }

  #dispatch (life: Life, event: CoordinatorEvent extends infer E ? E extends { wall: string } ? Omit<E, 'wall'> : never : never): void {
    if (life.node.life !== life) return
    const { state, effects } = step(life.machine, { ...event, wall: this.#wall() } as CoordinatorEvent)
    life.machine = state
    for (const effect of effects) this.#perform(life, effect)
    this.#check()
  }

  #perform (life: Life, effect: Effect): void {
    const { name } = life.node
    switch (effect.type) {
      case 'do': return this.#operate(life, effect)
      case 'delay':
        life.delays.add(effect.id)
        return this.#after(effect.ms, () => { if (life.delays.delete(effect.id)) this.#dispatch(life, { type: 'elapsed', id: effect.id }) })
      case 'cancel':
        life.delays.delete(effect.id)
        return life.underWay.get(effect.id)?.abort?.()
      case 'note': return this.#say(name, sentence(effect.note))
      case 'self_fence': return this.#say(name, `self-fence: ${effect.trouble.message}`)
      case 'ended': return this.#onEnded(life, effect.how)
    }
  }

  #onEnded (life: Life, how: Coded<'ended'>['how']): void {
    const { node, session } = life
    this.#say(node.name, how)
    node.life = null
    life.delays.clear()
    if (how === 'left') this.store.write(node.name, 'daemonstate', 'stop')
    if (node.cut) return this.#afterHealing(node)
    this.#endSession(session, node.name)
    if (how === 'demoted') this.#after(TIMES.newLife, () => { if (node.life === null) this.#begin(node) })
  }

  /** A node that is cut off begins anew when it is back in contact, and its session has timed out on the servers. */
  #afterHealing (node: Node): void {
    this.#after(TIMES.newLife, () => {
      if (node.cut) this.#afterHealing(node)
      else if (node.life === null) this.#begin(node)
    })
  }

  #endSession (session: Session, name: string): void {
    if (session.over) return
    this.#say(name, 'session over')
    this.store.end(session)
  }

  /** Whatever was waiting for ZooKeeper will never be answered by it. */
  #failUnderWay (life: Life): void {
    for (const [id, { op }] of life.underWay) {
      if (op.op === 'acquire' || op.op === 'release') continue
      life.underWay.delete(id)
      this.#dispatch(life, { type: 'answer', id, answer: { kind: 'unknown' } })
    }
  }

  // Operations.

  #operate (life: Life, { id, op }: Coded<'do'>): void {
    const answer = (given: NodeAnswer) => {
      if (!life.underWay.delete(id)) return
      this.#dispatch(life, { type: 'answer', id, answer: given })
    }
    const begin = (abort: (() => void) | null) => life.underWay.set(id, { op, abort })
    if ('resource' in op) {
      this.#effect(life, id, op, answer)
      return
    }
    if (op.op === 'lock' || op.op === 'lock_role') {
      const withdraw = () => {
        this.store.dequeue(life.session)
        answer({ kind: 'aborted' })
      }
      begin(withdraw)
      let had = false
      const dropped = (held: boolean) => {
        if (held) this.#lockGone(life)
        else if (op.op === 'lock') answer({ kind: 'failed' })
        else this.#after(TIMES.operation, enqueue)
      }
      const enqueue = () => {
        if (!life.underWay.has(id) || life.node.life !== life) return
        if (life.session.over) return answer({ kind: 'failed' })
        this.store.enqueue(life.session, () => {
          had = true
          this.#after(TIMES.operation, () => answer({ kind: 'done' }))
        }, dropped)
        if (op.op === 'lock') this.#after(TIMES.lockTimeout, () => { if (!had) { this.store.dequeue(life.session); answer({ kind: 'refused' }) } })
      }
      this.#after(TIMES.operation, enqueue)
      return
    }
    begin(null)
    this.#inContact(life, TIMES.operation / 2, () => {
      if (!life.underWay.has(id)) return
      this.#runBefore(life.node.name, op.op)
      if (life.node.life !== life) return
      const result = life.session.over ? { kind: 'failed' } as const : this.#apply(life, op)
      this.#inContact(life, TIMES.operation / 2, () => answer(result))
    })
  }

  /** The lock was deleted under its holder: a taker may hold nothing any more; a change of the key finds out when it writes. */
  #lockGone (life: Life): void {
    if (life.machine.activity.kind === 'procedure') this.#dispatch(life, { type: 'lost', reason: 'the lock is gone' })
  }

  /** Runs after `ms` in contact: what a node that is cut off asks for waits until it is healed or its session is over. */
  #inContact (life: Life, ms: number, run: () => void): void {
    this.#after(ms, () => {
      if (life.node.cut && !life.session.over) this.#inContact(life, TIMES.newLife, run)
      else run()
    })
  }

  #apply (life: Life, op: Exclude<NodeOp, { op: 'lock' } | { op: 'lock_role' } | { op: 'acquire' | 'release' }>): NodeAnswer {
    const { name } = life.node
    switch (op.op) {
      case 'read_peers': return { kind: 'done', members: this.store.members }
      case 'read_record': return { kind: 'done', record: this.store.record(op.epoch) }
      case 'conclude': return this.#close(op.epoch, op.closing, name)
      case 'publish': return this.#writeOwn(life, 'transition', JSON.stringify(op.transition))
      case 'write_state':
        this.#say(name, op.state)
        return this.#writeOwn(life, 'routerstate', op.state)
      case 'write_daemon_state':
        this.#say(name, `daemon ${op.daemonState}`)
        return this.#writeOwn(life, 'daemonstate', op.daemonState)
      case 'hold_sync':
      case 'let_go_sync':
        this.#say(name, op.op.replace('_', ' '))
        return { kind: 'done' }
      default: return this.#applyToKey(op, life.session, name)
    }
  }

  #writeOwn (life: Life, child: 'routerstate' | 'transition' | 'daemonstate', data: string): NodeAnswer {
    const { name } = life.node
    if (this.store.znode(name, child)?.version !== life.versions.get(child)) return { kind: 'refused' }
    this.store.write(name, child, data)
    life.versions.set(child, this.store.znode(name, child)?.version)
    return { kind: 'done' }
  }

  #applyToKey (op: Exclude<KeyOp, { op: 'lock' }>, session: Session, who: string): KeyAnswer {
    switch (op.op) {
      case 'unlock':
        this.store.dequeue(session)
        return { kind: 'done' }
      case 'survey': {
        const survey = this.store.survey()
        return survey === null ? { kind: 'failed' } : { kind: 'done', survey }
      }
      case 'write_ledger':
        this.#say(who, `ledger: base ${op.ledger.base}`)
        return this.store.writeLedger(op.ledger, op.version)
      case 'create_record': {
        const { epoch, from, to, cause } = op.record
        this.#say(who, `record ${epoch}: ${from ?? 'nobody'} → ${to ?? 'anybody'} (${cause})`)
        return this.store.createRecord(op.record)
      }
      case 'close_record': {
        const answer = this.store.setRecord(op.record, op.version)
        if (answer.kind === 'done') this.#sayClosed(who, op.record.epoch)
        return answer
      }
      case 'write_key': {
        const answer = this.store.writeKey(session, op.value, op.version)
        this.#say(who, answer.kind === 'done' ? `key ${op.value} (${this.store.epoch ?? 'unknown'})` : `key ${op.value}: ${answer.kind}`)
        return answer
      }
    }
  }

  #effect (life: Life, id: number, { op, resource }: Extract<NodeOp, { op: 'acquire' | 'release' }>, answer: (given: NodeAnswer) => void): void {
    const { node } = life
    const trouble = node.trouble[op].get(resource)
    const refuse = (why: string) => {
      this.#say(node.name, `${op} ${resource}: ${why}`)
      answer({ kind: 'refused', trouble: { code: `${op}_failed`, resource, message: `${op} of ${resource} ${why}.` } })
    }
    let aborted = false
    life.underWay.set(id, {
      op: { op, resource, epoch: null },
      abort: () => {
        aborted = true
        this.#after(TIMES.killed, () => {
          this.#say(node.name, `${op} ${resource}: killed`)
          answer({ kind: 'aborted' })
        })
      },
    })
    if (op === 'acquire') {
      this.#checkAcquire(life, resource)
      node.holds.add(resource)
    }
    const alive = () => !aborted && node.life === life
    if (trouble === 'hangs') {
      if (op === 'release') this.#after(TIMES.releaseTimeout, () => { if (alive()) refuse('timed out') })
      return
    }
    this.#after(TIMES[op], () => {
      if (!alive()) return
      if (trouble === 'fails') return refuse('failed')
      if (op === 'release') node.holds.delete(resource)
      this.#say(node.name, `${op} ${resource}`)
      answer({ kind: 'done' })
    })
  }

  /** A client's change of the key, on a session of its own. */
  #changeKey (intent: Intent, dieBefore: KeyOp['op'] | undefined): void {
    const session: Session = { id: String(++this.#sessions), over: false }
    const go = (change: KeyChange, answer: KeyAnswer) => {
      const progress = continueKeyChange(change, answer, this.#wall())
      if (!progress.done) return run(progress.change)
      this.#say('api', outcomeText(progress.outcome))
      this.store.end(session)
    }
    const run = (change: KeyChange): void => {
      const op: KeyOp = change.plan[0]
      this.#after(TIMES.operation, () => {
        this.#runBefore('api', op.op)
        if (op.op === dieBefore) {
          this.#say('api', 'dead')
          return this.store.end(session)
        }
        if (op.op !== 'lock') {
          go(change, this.#applyToKey(op, session, 'api'))
          return
        }
        let had = false
        this.store.enqueue(session, () => {
          had = true
          this.#after(TIMES.operation, () => go(change, { kind: 'done' }))
        }, () => {})
        this.#after(TIMES.lockTimeout, () => { if (!had) { this.store.dequeue(session); go(change, { kind: 'refused' }) } })
      })
    }
    run(beginKeyChange(intent, { underLock: false }))
  }

  // Observers: what every coordinator and every API does beside its own part.

  #onChange (): void {
    for (const { life } of this.#nodes.values()) if (life !== null) this.#viewSoon(life)
    this.#after(TIMES.view, () => this.#keep())
  }

  #viewSoon (life: Life): void {
    if (life.viewDue) return
    life.viewDue = true
    this.#after(TIMES.view, () => {
      life.viewDue = false
      const { view } = this.store
      if (view !== null && !life.node.cut && !life.session.over) this.#dispatch(life, { type: 'view', view })
    })
  }

  #keep (): void {
    const { view } = this.store
    if (!this.#keeper || view === null) return
    for (const record of view.records.filter(isOpen)) {
      let bound = this.#bounds.get(record.epoch)
      if (bound === undefined) {
        bound = this.#now + record.timeout * 1000 + TIMES.grace
        this.#bounds.set(record.epoch, bound)
        this.#after(bound - this.#now, () => this.#keep())
      }
      const closing = verdictOn(record, view, view.records, this.#now >= bound)
      if (closing !== null) this.#close(record.epoch, closing)
    }
    this.#recordExternal()
  }

  #recordExternal (): void {
    const { key, epoch } = this.store
    const unrecorded = key !== null && epoch !== null && !(key.version === 0 && key.value === 'none') && this.store.record(epoch) === null ? epoch : null
    if (this.#unrecorded === unrecorded) return
    this.#unrecorded = unrecorded
    if (unrecorded === null) return
    this.#after(TIMES.unrecorded, () => {
      const { key: now, epoch: present } = this.store
      if (now === null || present !== unrecorded || this.#unrecorded !== unrecorded) return
      const from = primaryOf(this.store.members)
      this.#say('keeper', `record ${unrecorded}: ${from ?? 'nobody'} → ${now.value === 'none' ? 'anybody' : now.value} (external)`)
      this.store.createRecord(openRecord(unrecorded, this.#wall(), { from, to: now.value === 'none' ? null : now.value, cause: 'external', timeout: 60 }))
    })
  }

  #close (epoch: number, closing: Parameters<typeof closeRecord>[2], who = 'keeper'): KeyAnswer {
    const stored = this.store.records.find(({ record }) => record.epoch === epoch)
    if (stored === undefined || !isOpen(stored.record)) return { kind: 'refused' }
    const particulars = particularsOf(stored.record, this.store.members)
    const progress = closing.outcome === 'succeeded' ? 1 : particulars.progress
    const answer = this.store.setRecord(closeRecord(stored.record, this.#wall(), closing, { ...particulars, progress }), stored.version)
    if (answer.kind === 'done') this.#sayClosed(who, epoch)
    return answer
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
    this.#say('!!', text)
  }

  // Bookkeeping.

  #runBefore (who: string, op: Op): void {
    const index = this.#before.findIndex((hook) => hook.who === who && hook.op === op)
    if (index === -1) return
    const [hook] = this.#before.splice(index, 1)
    hook?.run()
  }

  #trouble (name: string, kind: 'acquire' | 'release', resource: string, how: 'fails' | 'hangs'): void {
    this.#say('>', `${kind} of ${resource} ${how} on ${name}`)
    this.#node(name).trouble[kind].set(resource, how)
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

  #after (ms: number, run: () => void): void {
    const entry = { at: this.#now + ms, order: this.#order++, run }
    const index = this.#queue.findIndex(({ at, order }) => at > entry.at || (at === entry.at && order > entry.order))
    this.#queue.splice(index === -1 ? this.#queue.length : index, 0, entry)
  }

  #wall (): string {
    return new Date(Date.UTC(2026, 0, 1) + this.#now).toISOString()
  }

  #say (who: string, what: string): void {
    this.lines.push(`${(this.#now / 1000).toFixed(3).padStart(8)} ${who.padEnd(6)} ${what}`)
  }

  #sayClosed (who: string, epoch: number): void {
    const record = this.store.record(epoch)
    const details = [
      record?.continued_by == null ? '' : `, continued by ${record.continued_by}`,
      record?.error == null ? '' : `: ${record.error.code}${record.error.resource === null ? '' : ` of ${record.error.resource}`}`,
    ]
    this.#say(who, `record ${epoch} closed: ${record?.outcome}${details.join('')}`)
  }
}

function sentence (note: Note): string {
  const epoch = 'epoch' in note && note.epoch !== null ? ` (${note.epoch})` : ''
  switch (note.code) {
    case 'key_changed': return `${note.intent}${epoch}: ${note.outcome}`
    case 'begun':
    case 'finished': return `${note.procedure}${epoch} ${note.code}`
    case 'given_up': return `${note.procedure}${epoch} given up: ${note.reason}`
    case 'trouble': return `${note.procedure}${epoch}: ${note.trouble.message}`
    case 'demoted': return `demotes itself: ${note.reason}; holds ${note.held.length === 0 ? 'nothing' : note.held.join('+')}`
  }
}

function outcomeText (outcome: KeyOutcome): string {
  switch (outcome.kind) {
    case 'committed': return `202: switchover ${outcome.record.epoch}`
    case 'refused': {
      const { refusal } = outcome
      const more = 'record' in refusal && refusal.record !== null ? ` ${refusal.record.epoch}` : 'message' in refusal ? `: ${refusal.message}` : 'nodes' in refusal ? ` ${refusal.nodes.join(' ')}` : ''
      return `${refusal.kind}${more}`
    }
    case 'unknown': return `unknown: ${outcome.epoch}`
    default: return outcome.kind
  }
}
