/** Which coordinator of a run has PVC's daemon, if any, and what that daemon is like. */
import type { Random } from '../random.ts'

export interface PvcTraits {
  readonly node: string
  /** What its keepalive does, while it is primary, to a key that names another node: writes what it has read, or its own name. */
  readonly rewrites: 'value' | 'own' | 'never'
  /** Whatever its fence comes to, it says that the node is `secondary`. */
  readonly fence: 'works' | 'fails' | 'none'
  /** Ours have no fencing agent: what is dead is left to PVC. */
  readonly fencesAlone: boolean
  /** False for a daemon that leaves a free key to the others. */
  readonly contends: boolean
  /** Milliseconds that each of its steps may take besides. */
  readonly slow: number
  /** Nothing happens in the run but that clients and operators write the key: how long the cluster is without a primary, and each of PVC's phases, is then judged by the clock. */
  readonly calm: boolean
}

const SHARE = 0.2

/** @param random a stream of its own, so that runs without a PVC node are as they would be without this */
export function traitsOf (random: Random, nodes: readonly string[]): PvcTraits | null {
  if (!random.chance(SHARE)) return null
  const calm = random.chance(0.25)
  return {
    node: random.pick(nodes) ?? '',
    rewrites: random.pick(['value', 'value', 'own', 'never']),
    fence: random.pick(['works', 'works', 'fails', 'fails', 'none']),
    fencesAlone: random.chance(0.5),
    contends: random.chance(0.8),
    slow: calm ? 0 : random.pick([0, 0, 50, 1_000]),
    calm,
  }
}
