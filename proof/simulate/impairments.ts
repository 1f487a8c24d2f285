/** Since when nothing has been wrong with each node: what a fence of it is judged by. */
import type { Fault } from './faults.ts'
import type { Timeline } from './timeline.ts'

export class Impairments {
  readonly #timeline: Timeline
  readonly #until = new Map<string, number>()
  readonly #leaseExpired = new Map<string, number>()
  #everybody = -Infinity
  #slow = -Infinity

  constructor (timeline: Timeline) {
    this.#timeline = timeline
  }

  /** Milliseconds since the end of the last failure of `node` alone; 0 in the midst of one, Infinity if there was none. */
  of (node: string): number {
    return Math.max(0, this.#timeline.now - (this.#until.get(node) ?? -Infinity))
  }

  /** The same, with what was wrong with the ensemble. */
  sinceAny (node: string): number {
    return Math.max(0, Math.min(this.of(node), this.#timeline.now - this.#everybody))
  }

  mark (node: string, lasts: number): void {
    this.#until.set(node, Math.max(this.#until.get(node) ?? 0, this.#timeline.now + lasts))
  }

  strike (fault: Fault): void {
    switch (fault.kind) {
      case 'kill':
      case 'pause':
      case 'stall':
      case 'cut': return this.mark(fault.process, fault.lasts)
      case 'reset': return this.mark(fault.process, 0)
      // What has not ended by then is killed, and started again.
      case 'shutdown': return this.mark(fault.node, fault.lasts + 30_000)
      case 'server_down':
      case 'server_cut': return this.markAll(fault.lasts)
      case 'reelect': return this.markAll(0)
      // A follower alone costs nobody anything: there are others to go to.
      case 'server_silent':
      default:
    }
  }

  /** Something is wrong with the ensemble as a whole. */
  markAll (lasts: number): void {
    this.#everybody = Math.max(this.#everybody, this.#timeline.now + lasts)
  }

  /**
   * A follower is silent, and a client needs longer than a keepalive interval to leave it: no lease may run out because of that, but a keepalive may be late.
   */
  markSlow (lasts: number): void {
    this.#slow = Math.max(this.#slow, this.#timeline.now + lasts)
  }

  /**
   * On a slow network a lease expires without any fault. The node opens another session then, and looks for a server for it: a silent one costs as much of the
   * session time-out that was asked for as it costs of the one that was granted.
   */
  leaseExpired (node: string): void {
    this.#leaseExpired.set(node, this.#timeline.now)
  }

  /** As `sinceAny`, for what is to come at intervals. */
  sinceSlow (node: string): number {
    return Math.max(0, Math.min(this.sinceAny(node), this.#timeline.now - this.#slow, this.#timeline.now - (this.#leaseExpired.get(node) ?? -Infinity)))
  }
}
