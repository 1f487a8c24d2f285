/**
 * What the machines of a scenario ask of the world, carried out on a `Store` in simulated time: ZooKeeper's operations, which wait while a node is cut off, and
 * the acquisitions and releases of its resources, which fail or hang as the script says. Also a client's change of the key.
 *
 * Pessimistic about what a machine holds: a resource counts as held from the moment its acquisition begins until a release of it has succeeded.
 */
import type { CoordinatorEvent, Effect, NodeAnswer, NodeOp } from '../../../src/core/coordinator/coordinator-state.ts'
import type { Intent } from '../../../src/core/coordinator/intent.ts'
import { beginKeyChange, continueKeyChange, type KeyAnswer, type KeyChange, type KeyOp } from '../../../src/core/coordinator/key-change.ts'
import type { Keeper } from './keeper.ts'
import { TIMES, type Life, type Op } from './node.ts'
import { outcomeText } from './sentences.ts'
import type { Session, Store } from './store.ts'
import type { Timeline } from './timeline.ts'

/** An event without the time of day, which is added to it. */
export type Happening = CoordinatorEvent extends infer E ? E extends { wall: string } ? Omit<E, 'wall'> : never : never

export interface OperationHooks {
  readonly dispatch: (life: Life, event: Happening) => void
  /** Called as `who` is about to do `op`. */
  readonly runBefore: (who: string, op: Op) => void
  readonly checkAcquire: (life: Life, resource: string) => void
}

export class Operations {
  readonly #store: Store
  readonly #timeline: Timeline
  readonly #keeper: Keeper
  readonly #hooks: OperationHooks

  constructor (store: Store, timeline: Timeline, keeper: Keeper, hooks: OperationHooks) {
    this.#store = store
    this.#timeline = timeline
    this.#keeper = keeper
    this.#hooks = hooks
  }

  /** Carries out what a life asks for, and dispatches the answer to it. */
  operate (life: Life, { id, op }: Extract<Effect, { type: 'do' }>): void {
    const answer = (given: NodeAnswer) => {
      if (!life.running.delete(id)) return
      this.#hooks.dispatch(life, { type: 'answer', id, answer: given })
    }
    const begin = (abort: (() => void) | null) => life.running.set(id, { op, abort })
    if ('resource' in op) {
      this.#effect(life, id, op, answer)
      return
    }
    if (op.op === 'lock' || op.op === 'lock_role') {
      const withdraw = () => {
        this.#store.dequeue(life.session)
        answer({ kind: 'aborted' })
      }
      begin(withdraw)
      let had = false
      const dropped = (held: boolean) => {
        if (held) this.#lockGone(life)
        else if (op.op === 'lock') answer({ kind: 'failed' })
        else this.#timeline.after(TIMES.operation, enqueue)
      }
      const enqueue = () => {
        if (!life.running.has(id) || life.node.life !== life) return
        if (life.session.over) return answer({ kind: 'failed' })
        this.#store.enqueue(life.session, () => {
          had = true
          this.#timeline.after(TIMES.operation, () => answer({ kind: 'done' }))
        }, dropped)
        if (op.op === 'lock') this.#timeline.after(TIMES.lockTimeout, () => { if (!had) { this.#store.dequeue(life.session); answer({ kind: 'refused' }) } })
      }
      this.#timeline.after(TIMES.operation, enqueue)
      return
    }
    begin(null)
    this.#inContact(life, TIMES.operation / 2, () => {
      if (!life.running.has(id)) return
      this.#hooks.runBefore(life.node.name, op.op)
      if (life.node.life !== life) return
      const result = life.session.over ? { kind: 'failed' } as const : this.#apply(life, op)
      this.#inContact(life, TIMES.operation / 2, () => answer(result))
    })
  }

  /** The lock was deleted under its holder: a taker may hold nothing any more; a change of the key finds out when it writes. */
  #lockGone (life: Life): void {
    if (life.machine.activity.kind === 'procedure') this.#hooks.dispatch(life, { type: 'lost', reason: 'the lock is gone' })
  }

  /** Runs after `ms` in contact: what a node that is cut off asks for waits until it is healed or its session is over. */
  #inContact (life: Life, ms: number, run: () => void): void {
    this.#timeline.after(ms, () => {
      if (life.node.cut && !life.session.over) this.#inContact(life, TIMES.newLife, run)
      else run()
    })
  }

  #apply (life: Life, op: Exclude<NodeOp, { op: 'lock' } | { op: 'lock_role' } | { op: 'acquire' | 'release' }>): NodeAnswer {
    const { name } = life.node
    switch (op.op) {
      case 'read_peers': return { kind: 'done', members: this.#store.members }
      case 'read_record': return { kind: 'done', record: this.#store.record(op.epoch) }
      case 'conclude': return this.#keeper.close(op.epoch, op.closing, name)
      case 'publish': return this.#writeOwn(life, 'transition', JSON.stringify(op.transition))
      case 'write_state':
        this.#timeline.say(name, op.state)
        return this.#writeOwn(life, 'routerstate', op.state)
      case 'write_daemon_state':
        this.#timeline.say(name, `daemon ${op.daemonState}`)
        return this.#writeOwn(life, 'daemonstate', op.daemonState)
      case 'guard_sync':
      case 'hold_sync':
      case 'release_sync':
        this.#timeline.say(name, op.op.replace('_', ' '))
        return { kind: 'done' }
      default: return this.#applyToKey(op, life.session, name)
    }
  }

  #writeOwn (life: Life, child: 'routerstate' | 'transition' | 'daemonstate', data: string): NodeAnswer {
    const { name } = life.node
    if (this.#store.znode(name, child)?.version !== life.versions.get(child)) return { kind: 'refused' }
    this.#store.write(name, child, data)
    life.versions.set(child, this.#store.znode(name, child)?.version)
    return { kind: 'done' }
  }

  #applyToKey (op: Exclude<KeyOp, { op: 'lock' }>, session: Session, who: string): KeyAnswer {
    switch (op.op) {
      case 'unlock':
        this.#store.dequeue(session)
        return { kind: 'done' }
      case 'read_snapshot': {
        const keySnapshot = this.#store.keySnapshot()
        return keySnapshot === null ? { kind: 'failed' } : { kind: 'done', keySnapshot }
      }
      case 'write_ledger':
        this.#timeline.say(who, `ledger: base ${op.ledger.base}`)
        return this.#store.writeLedger(op.ledger, op.version)
      case 'create_record': {
        const { epoch, from, to, cause } = op.record
        this.#timeline.say(who, `record ${epoch}: ${from ?? 'nobody'} → ${to ?? 'anybody'} (${cause})`)
        return this.#store.createRecord(op.record)
      }
      case 'close_record': {
        const answer = this.#store.setRecord(op.record, op.version)
        if (answer.kind === 'done') this.#keeper.sayClosed(who, op.record.epoch)
        return answer
      }
      case 'write_key': {
        const answer = this.#store.writeKey(session, op.value, op.version)
        if (op.andUnlock === true) this.#store.dequeue(session)
        this.#timeline.say(who, answer.kind === 'done' ? `key ${op.value} (${this.#store.epoch ?? 'unknown'})` : `key ${op.value}: ${answer.kind}`)
        return answer
      }
    }
  }

  #effect (life: Life, id: number, { op, resource }: Extract<NodeOp, { op: 'acquire' | 'release' }>, answer: (given: NodeAnswer) => void): void {
    const { node } = life
    const failure = node.failure[op].get(resource)
    const refuse = (why: string) => {
      this.#timeline.say(node.name, `${op} ${resource}: ${why}`)
      answer({ kind: 'refused', failure: { code: `${op}_failed`, resource, message: `${op} of ${resource} ${why}.` } })
    }
    let aborted = false
    life.running.set(id, {
      op: { op, resource, epoch: null },
      abort: () => {
        aborted = true
        this.#timeline.after(TIMES.killed, () => {
          this.#timeline.say(node.name, `${op} ${resource}: killed`)
          answer({ kind: 'aborted' })
        })
      },
    })
    if (op === 'acquire') {
      this.#hooks.checkAcquire(life, resource)
      node.holds.add(resource)
    }
    const alive = () => !aborted && node.life === life
    if (failure === 'hangs') {
      if (op === 'release') this.#timeline.after(TIMES.releaseTimeout, () => { if (alive()) refuse('timed out') })
      return
    }
    this.#timeline.after(TIMES[op], () => {
      if (!alive()) return
      if (failure === 'fails') return refuse('failed')
      if (op === 'release') node.holds.delete(resource)
      this.#timeline.say(node.name, `${op} ${resource}`)
      answer({ kind: 'done' })
    })
  }

  /** A client's change of the key, on a session of its own. */
  changeKey (intent: Intent, session: Session, dieBefore: KeyOp['op'] | undefined): void {
    const go = (change: KeyChange, answer: KeyAnswer) => {
      const progress = continueKeyChange(change, answer, this.#timeline.wall())
      if (!progress.done) return run(progress.change)
      this.#timeline.say('api', outcomeText(progress.outcome))
      this.#store.end(session)
    }
    const run = (change: KeyChange): void => {
      const op: KeyOp = change.plan[0]
      this.#timeline.after(TIMES.operation, () => {
        this.#hooks.runBefore('api', op.op)
        if (op.op === dieBefore) {
          this.#timeline.say('api', 'dead')
          return this.#store.end(session)
        }
        if (op.op !== 'lock') {
          go(change, this.#applyToKey(op, session, 'api'))
          return
        }
        let had = false
        this.#store.enqueue(session, () => {
          had = true
          this.#timeline.after(TIMES.operation, () => go(change, { kind: 'done' }))
        }, () => {})
        this.#timeline.after(TIMES.lockTimeout, () => { if (!had) { this.#store.dequeue(session); go(change, { kind: 'refused' }) } })
      })
    }
    run(beginKeyChange(intent, { underLock: false }))
  }
}
