/**
 * 20. A node whose readiness check fails takes nothing over, and the former primary releases nothing for it: the key is given back before that. Judged
 * of nodes that nothing else has been wrong with for a while, whose check takes less than the transition delay. A node that has begun its takeover checks no more, however
 * long it waits for the lock that another program has left there.
 */
import type { Machine } from '../simulate/machine.ts'
import { TRANSITION_DELAY } from '../simulate/faults.ts'

/** Milliseconds after which a node has checked its readiness again, whatever it was at before. */
const CHECKED = 15_000
/** Milliseconds since the last failure from which on a node counts as sound. */
const SOUND = 15_000
/** Milliseconds after the key named another node until which it has to be back in the former primary's hands to be back in time. */
const IN_TIME = TRANSITION_DELAY - 200
/** Milliseconds after that in which a relinquish can only be for the epoch that was given back. */
const FOLLOWS = 2_000

interface KeyWrite {
  readonly value: string
  readonly at: number
}

export class JudgedReadiness {
  readonly #say: (what: string) => void
  readonly #checks: (name: string) => boolean
  /** The coordinator state that each node last wrote. */
  readonly #states = new Map<string, string>()
  /** The last three writes of the key, the newest first. */
  #keys: readonly KeyWrite[] = []

  /** @param checks whether a node has our daemon: PVC's checks nothing, and begins its takeover whatever the key says by then */
  constructor (say: (what: string) => void, checks: (name: string) => boolean) {
    this.#say = say
    this.#checks = checks
  }

  keyWritten (value: string, at: number): void {
    this.#keys = [{ value, at }, ...this.#keys.slice(0, 2)]
  }

  /** @param sound milliseconds since anything else was wrong with the machine or the ensemble */
  acquires ({ name, unready, humours, holds }: Machine, resource: string, now: number, sound: number): void {
    const since = Math.min(...unready.values())
    if (!this.#checks(name) || sound < SOUND || humours.size > 0 || holds.size !== 1 || now - since < CHECKED) return
    // It was ready when it was named.
    if (this.#keys[0] !== undefined && since > this.#keys[0].at) return
    this.#say(`20: ${name} acquired ${resource}, and its readiness check had failed for ${((now - since) / 1000).toFixed(0)} s`)
  }

  /** @param sound as above */
  writes (name: string, state: string, now: number, sound: number): void {
    const before = this.#states.get(name)
    this.#states.set(name, state)
    const [back, named, former] = this.#keys
    if (!this.#checks(name) || state !== 'relinquish' || before !== 'primary' || sound < SOUND || back === undefined || named === undefined || former === undefined) return
    // A primary makes way for PVC's daemon that takes over, whatever the key says by then: that is not for the epoch that was given back.
    const makesWay = [...this.#states].some(([other, written]) => !this.#checks(other) && written === 'takeover')
    const gaveBack = !makesWay && back.value === name && former.value === name && named.value !== name && this.#checks(named.value) && back.at - named.at < IN_TIME && now - back.at < FOLLOWS
    if (gaveBack) this.#say(`20: ${name} relinquishes, although ${named.value} gave the key back after ${((back.at - named.at) / 1000).toFixed(1)} s`)
  }
}
