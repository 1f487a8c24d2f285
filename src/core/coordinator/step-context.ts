/** One turn of the coordinator machine: the state as it becomes, and the effects asked for so far. Lives no longer than one `step`. */
import type { Coordinator, Effect, NodeOp, Note } from './coordinator-state.ts'
import type { Failure } from '../model/transition.ts'

export class StepContext {
  state: Coordinator
  readonly wall: string
  readonly effects: Effect[] = []
  /** Why nothing may be held any more, found out during this turn. */
  lost: string | null = null

  constructor (state: Coordinator, wall: string) {
    this.state = state
    this.wall = wall
  }

  set (change: Partial<Coordinator>): void {
    this.state = { ...this.state, ...change }
  }

  /** Asks for an operation; its answer will carry the number returned. */
  do (op: NodeOp): number {
    const id = this.#number()
    this.effects.push({ type: 'do', id, op })
    return id
  }

  /** Asks to be told after `ms`; the event will carry the number returned. */
  delay (ms: number): number {
    const id = this.#number()
    this.effects.push({ type: 'delay', id, ms })
    return id
  }

  cancel (id: number): void {
    this.effects.push({ type: 'cancel', id })
  }

  /** Remembers the running delay of a purpose, or that there is none. */
  timer (purpose: 'bound' | 'backoff' | 'handover', id: number | null): void {
    this.set({ timers: { ...this.state.timers, [purpose]: id } })
  }

  /** The one delay of a coordinator at rest, and what is to be done after it. */
  idle (delay: { readonly id: number, readonly subject: string } | null): void {
    this.set({ timers: { ...this.state.timers, idle: delay } })
  }

  note (note: Note): void {
    this.effects.push({ type: 'note', note })
  }

  selfFence (failure: Failure): void {
    this.effects.push({ type: 'self_fence', failure })
  }

  end (how: 'left' | 'demoted'): void {
    this.effects.push({ type: 'ended', how })
  }

  #number (): number {
    const id = this.state.nextId
    this.set({ nextId: id + 1 })
    return id
  }
}
