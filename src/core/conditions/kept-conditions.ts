/**
 * The conditions of each node, kept until something that they were found from is different: of thousands of nodes few change between two looks, and a node that is out of
 * contact changes no more.
 */
import type { Member } from '../model/member.ts'
import type { Condition } from './condition.ts'
import { Thresholds } from './thresholds.ts'

interface Kept {
  readonly member: Member
  readonly conditions: readonly Condition[]
  /** By the observer's monotonic clock. */
  readonly until: number
}

export class KeptConditions {
  readonly #kept = new Map<string, Kept>()
  #advice = ''

  /** The facts of this node may be different now. */
  forget (node: string): void {
    this.#kept.delete(node)
  }

  /** The same of all nodes, and every age may begin again. */
  clear (): void {
    this.#kept.clear()
  }

  /** @param advice on which the advice of every node depends, beside the facts of the node */
  adviseBy (advice: string): void {
    if (advice !== this.#advice) this.clear()
    this.#advice = advice
  }

  /**
   * @param now by the observer's monotonic clock
   * @param thresholds of the whole list that this is a part of
   */
  of (member: Member, now: number, thresholds: Thresholds, find: (thresholds: Thresholds) => readonly Condition[]): readonly Condition[] {
    let kept = this.#kept.get(member.name)
    if (kept?.member !== member || now >= kept.until) {
      const own = new Thresholds()
      kept = { member, conditions: find(own), until: now + own.holds }
      this.#kept.set(member.name, kept)
    }
    thresholds.until(kept.until - now)
    return kept.conditions
  }
}
