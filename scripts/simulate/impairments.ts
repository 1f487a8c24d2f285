/** Since when nothing has been wrong with each node: what a fence of it is judged by. */
import type { Fault, Stage } from './faults.ts'
import type { Timeline } from './timeline.ts'

export class Impairments {
  readonly #stage: Stage
  readonly #timeline: Timeline
  readonly #until = new Map<string, number>()

  constructor (stage: Stage, timeline: Timeline) {
    this.#stage = stage
    this.#timeline = timeline
  }

  /** Milliseconds since the end of the last trouble of `node`; 0 in the midst of one, Infinity if there was none. */
  of (node: string): number {
    const until = this.#until.get(node)
    return until === undefined ? Infinity : Math.max(0, this.#timeline.now - until)
  }

  mark (node: string, lasts: number): void {
    this.#until.set(node, Math.max(this.#until.get(node) ?? 0, this.#timeline.now + lasts))
  }

  strike (fault: Fault): void {
    switch (fault.kind) {
      case 'kill':
      case 'pause':
      case 'cut': return this.mark(fault.process, fault.lasts)
      case 'reset': return this.mark(fault.process, 0)
      // What has not ended by then is killed, and started again.
      case 'shutdown': return this.mark(fault.node, fault.lasts + 30_000)
      case 'server_down':
      case 'server_cut': return this.#everybody(fault.lasts)
      case 'reelect': return this.#everybody(0)
      default:
    }
  }

  #everybody (lasts: number): void {
    for (const node of this.#stage.nodes) this.mark(node, lasts)
  }
}
