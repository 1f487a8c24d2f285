/** 6 and 10: what became of each request that a client made, by the reason that its record has, against what the client was told of it. */
import type { SwitchoverRecord } from '../../src/core/model/record.ts'

export class JudgedRequests {
  readonly #say: (what: string) => void
  /** Epochs at which the key was written for a request. */
  readonly #moves = new Map<string, number[]>()
  readonly #notStarted = new Set<string>()
  /** Reasons of requests that were made once. */
  readonly #single = new Set<string>()

  constructor (say: (what: string) => void) { this.#say = say }

  /** A record is closed for which the key was written. */
  carriedOut ({ reason, epoch }: SwitchoverRecord): void {
    if (reason === null) return
    const moves = this.#moves.get(reason) ?? []
    this.#moves.set(reason, [...moves, epoch])
    this.#movedOnce(reason)
    // A retry is a switchover of its own if another program has written the key in between, be it with the same name.
    const neighbour = moves.find((move) => Math.abs(move - epoch) === 1)
    if (neighbour !== undefined) this.#say(`6: the request "${reason}" moved the primary at ${neighbour} and at ${epoch}`)
    if (this.#notStarted.has(reason)) this.#say(`10: the request "${reason}" was told not_started, and is switchover ${epoch}`)
  }

  /** It was never made again. */
  madeOnce (reason: string): void {
    this.#single.add(reason)
    this.#movedOnce(reason)
  }

  #movedOnce (reason: string): void {
    const moves = this.#moves.get(reason) ?? []
    if (this.#single.has(reason) && moves.length > 1) this.#say(`6: the request "${reason}" moved the primary ${moves.length} times`)
  }

  /** The only answer that a client ever got for that reason. */
  toldNotStarted (reason: string): void {
    this.#notStarted.add(reason)
    for (const epoch of this.#moves.get(reason) ?? []) this.#say(`10: the request "${reason}" is switchover ${epoch}, and was told not_started`)
  }
}
