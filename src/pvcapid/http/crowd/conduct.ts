/** How the client of a connection has sent its requests so far, which decides the place of the connection in a crowd. */

/** No request whole and answered yet, or part of one missing; each request after the reply to the one before; some before that reply. */
export type Conduct = 'new' | 'orderly' | 'pipelines'

export class ConductRecord {
  #hasAsked = false
  #pipelines = false
  #isProven = false

  get hasAsked (): boolean { return this.#hasAsked }

  /** A request has come. Returns whether it is the first. */
  asks (isPipelined: boolean): boolean {
    const isFirst = !this.#hasAsked
    this.#hasAsked = true
    this.#pipelines ||= isPipelined
    return isFirst
  }

  /** A request has its reply; `isWhole`: all of it had come by then. */
  answered (isWhole: boolean): void { this.#isProven = isWhole }

  /** @param isHalfSent whether part of a request is missing: a crowd that leaves its requests half sent must not stand beside a client that waits for each reply */
  conduct (isHalfSent: () => boolean): Conduct {
    if (this.#pipelines) return 'pipelines'
    return this.#isProven && !isHalfSent() ? 'orderly' : 'new'
  }
}
