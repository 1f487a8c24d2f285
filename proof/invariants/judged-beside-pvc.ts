/**
 * What is judged of a cluster one of whose coordinators has PVC's daemon: nothing that a failed fence of PVC's has led PVC to, and how long there is no primary. That is judged
 * where nothing happens but that the key is written.
 */
import type { Member } from '../../src/core/model/member.ts'
import type { SwitchoverRecord } from '../../src/core/model/record.ts'
import type { Machine } from '../simulate/machine.ts'
import type { PvcTraits } from '../simulate/pvc/traits.ts'

/** Switchovers that succeeded. */
export interface BesidePvc {
  to: number
  from: number
}

/** Milliseconds since the key was written last by a client or an operator: a rollback, and a handover. */
const WITHOUT_PRIMARY = 30_000

export class JudgedBesidePvc {
  readonly counts: BesidePvc = { to: 0, from: 0 }
  readonly #pvc: PvcTraits
  readonly #say: (what: string) => void
  /** Nodes that PVC has called `secondary` after a fence that failed, and that have not released everything since. */
  readonly #mistaken = new Set<string>()
  /** Since when no node has been primary; null while one is. */
  #since: number | null = null
  #disturbed = 0

  constructor (pvc: PvcTraits, say: (what: string) => void) {
    this.#pvc = pvc
    this.#say = say
  }

  is (name: string): boolean { return name === this.#pvc.node }

  mistaken ({ name, holds }: Machine): void {
    if (holds.size > 0) this.#mistaken.add(name)
  }

  /** The node has just acquired something. */
  acquires ({ name, holds }: Machine): void {
    if (holds.size === 1) this.#mistaken.delete(name)
  }

  /** Whether it is PVC's fault if both hold something: it took over although its fence of the other had failed. */
  isPvcsFault (one: string, other: string): boolean {
    return (this.is(one) && this.#mistaken.has(other)) || (this.is(other) && this.#mistaken.has(one))
  }

  closed ({ from, to, outcome }: SwitchoverRecord): void {
    if (outcome !== 'succeeded' || from === to) return
    if (to !== null && this.is(to)) this.counts.to++
    if (from !== null && this.is(from)) this.counts.from++
  }

  /** A client or an operator has written the key, or a lease has expired on a slow network. */
  disturbed (now: number): void { this.#disturbed = now }

  seen (members: readonly Member[], now: number): void {
    const isPrimary = members.some(({ coordinatorState, daemonState }) => coordinatorState === 'primary' && (daemonState === 'run' || daemonState === 'shutdown'))
    this.#since = isPrimary ? null : this.#since ?? now
    if (!this.#pvc.calm || this.#since === null) return
    const without = now - Math.max(this.#since, this.#disturbed)
    if (without > WITHOUT_PRIMARY) this.#say(`7: no node has been primary for ${(without / 1000).toFixed(0)} s beside a PVC node, and nothing was wrong`)
  }
}
