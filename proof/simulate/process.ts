/**
 * A simulated process: nothing reaches the code inside but through `deliver`, so it can be paused (what arrives waits) and killed (nothing
 * arrives any more), at any instant between two steps.
 */
import type { Clock } from '../../src/runtime/clock.ts'
import { EPOCH, type Timeline } from './timeline.ts'

export class Process {
  readonly name: string
  readonly timeline: Timeline
  readonly clock: Clock
  /** Milliseconds of the timeline. */
  readonly started: number
  /** Milliseconds that this machine's wall clock is wrong by. */
  skew = 0
  #state: 'running' | 'paused' | 'dead' = 'running'
  #catchingUp = false
  readonly #backlog: Array<() => void> = []
  readonly #onDeath = new Set<() => void>()

  constructor (name: string, timeline: Timeline) {
    this.name = name
    this.timeline = timeline
    this.started = timeline.now
    this.clock = {
      monotonic: () => timeline.now,
      wall: () => new Date(EPOCH + timeline.now + this.skew).toISOString(),
      after: (delay, action) => {
        let wanted = true
        const timer = timeline.after(delay, () => this.deliver(() => { if (wanted) action() }))
        return {
          [Symbol.dispose]: () => {
            wanted = false
            timer[Symbol.dispose]()
          },
        }
      },
    }
  }

  get running (): boolean { return this.#state === 'running' }
  get alive (): boolean { return this.#state !== 'dead' }

  /** Runs `action` inside the process: now, once it continues, or never. */
  deliver (action: () => void): void {
    if (this.#state === 'dead') return
    if (this.#state === 'paused' || this.#catchingUp) this.#backlog.push(action)
    else this.#run(action)
  }

  pause (): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  /** Continues; what has arrived meanwhile is seen to first, a step at a time. */
  resume (): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    if (this.#catchingUp) return
    this.#catchingUp = true
    const next = () => {
      const action = this.#state === 'running' ? this.#backlog.shift() : undefined
      this.#catchingUp = action !== undefined
      if (action === undefined) return
      this.#run(action)
      this.timeline.after(0, next)
    }
    this.timeline.after(0, next)
  }

  #run (action: () => void): void {
    this.timeline.woke()
    action()
  }

  /** kill -9: from here on no code of it runs, and the system closes what it had open. */
  kill (): void {
    if (this.#state === 'dead') return
    this.#state = 'dead'
    this.#backlog.length = 0
    for (const listener of [...this.#onDeath]) listener()
    this.#onDeath.clear()
  }

  /** Called by the system, outside of the process, when it dies. */
  onDeath (listener: () => void): void { this.#onDeath.add(listener) }
}
