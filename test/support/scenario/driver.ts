/** One coordinator machine driven by hand: events in, effects out, in words. */
import { newCoordinator, type ClusterSnapshot, type Coordinator, type CoordinatorEvent, type CoordinatorSettings, type Effect, type NodeAnswer, type NodeOp } from '../../../src/core/coordinator/coordinator-state.ts'
import { step } from '../../../src/core/coordinator/coordinator.ts'
import { key, member, record, keySnapshot } from './builders.ts'

export const settings: CoordinatorSettings = {
  self: 'hv1',
  mode: 'coordinator',
  resources: ['ip', 'dhcp'],
  delays: { transitionDelay: 500, takeoverStart: 5_000, reclaimDelay: 4_000, settleTime: 2_000, handoverTimeout: 120_000 },
  backoff: { first: 5_000, most: 12_000 },
}

type Given = CoordinatorEvent extends infer E ? E extends { wall: string } ? Omit<E, 'wall'> : never : never

/** Drives one machine by hand. */
export class Driver {
  state: Coordinator
  effects: readonly Effect[] = []

  constructor (given: Partial<Coordinator> = {}, spentEpoch = 0) {
    this.state = { ...newCoordinator(settings, spentEpoch), daemon: 'run', state: 'secondary', ...given }
  }

  send (event: Given): this {
    const { state, effects } = step(this.state, { ...event, wall: 'now' } as CoordinatorEvent)
    this.state = state
    this.effects = effects
    return this
  }

  view (value: string, version: number, given: Partial<ClusterSnapshot> = {}): this {
    const { members, ledger } = keySnapshot()
    return this.send({ type: 'view', view: { key: key(value, version), ledger, members, records: [record(1, { to: 'hv1', timeout: 30 })], ...given } })
  }

  /** Answers the operation in progress. */
  answer (answer: NodeAnswer = { kind: 'done' }): this {
    return this.send({ type: 'answer', id: this.id, answer })
  }

  elapse (purpose: 'idle' | 'bound' | 'backoff' | 'handover'): this {
    const timer = this.state.timers[purpose]
    const id = typeof timer === 'object' ? timer?.id : timer
    if (id === undefined) throw new Error(`no delay for ${purpose}`)
    return this.send({ type: 'elapsed', id })
  }

  /** Answers `done` until the operation in progress is `op` (on `resource`). */
  until (op: NodeOp['op'], resource?: string): this {
    for (let steps = 0; ; steps++) {
      const under = this.effects.find((effect) => effect.type === 'do' && effect.op.op === op && (resource === undefined || ('resource' in effect.op && effect.op.resource === resource)))
      if (under !== undefined) return this
      if (steps > 50) throw new Error(`${op} is never asked for`)
      const asked = this.effects.findLast((effect) => effect.type === 'do')
      if (asked?.type === 'do' && asked.op.op === 'read_snapshot') this.answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('hv1', 1), members: [member('hv1'), member('hv2')], records: [record(1, { from: 'hv2', to: 'hv1' })] }) })
      else if (asked?.type === 'do' && asked.op.op === 'read_peers') this.answer({ kind: 'done', members: [member('hv1'), member('hv2')] })
      else if (asked === undefined) this.send({ type: 'elapsed', id: this.id })
      else this.answer()
    }
  }

  get id (): number {
    const { activity } = this.state
    return 'id' in activity ? activity.id ?? -1 : -1
  }

  /** The effects of the last event, in words. */
  get words (): readonly string[] {
    return this.effects.map((effect) => {
      switch (effect.type) {
        case 'do': return ['resource' in effect.op ? `${effect.op.op} ${effect.op.resource}` : effect.op.op === 'write_state' ? effect.op.state : effect.op.op === 'conclude' ? `conclude ${effect.op.closing.outcome}` : effect.op.op].join('')
        case 'delay': return `delay ${effect.ms}`
        case 'cancel': return 'cancel'
        case 'note': return `note ${effect.note.code}`
        case 'self_fence': return `self_fence ${effect.failure.code}`
        case 'ended': return effect.how
      }
      throw new Error('an effect nobody has thought of')
    })
  }
}

/** Named by epoch 1, on the way to taking over. */
export const taking = () => new Driver().view('hv1', 1).elapse('idle')
export const failure = { code: 'x', resource: 'ip', message: '' }
