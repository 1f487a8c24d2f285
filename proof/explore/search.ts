/**
 * Breadth-first over all worlds within the bounds: every one is judged by the invariants, and afterwards every one must have a way to a
 * settled world, or the way that led into it is reported as a dead end. The first way found to anything is a shortest one.
 */
import { happenings } from './events.ts'
import { canonical, Identities } from './identity.ts'
import { initialWorld, type Bounds, type Budget, type World } from './model.ts'
import { noticed } from './reader.ts'
import { isSettled, violation } from '../invariants/invariants.ts'
import { mutualWait } from '../invariants/mutual-wait.ts'

export interface Report {
  /** Whether everything that can happen within the bounds has been looked at. */
  readonly exhausted: boolean
  readonly states: number
  /** What `Identities` says of each state, the same in every search. */
  readonly ids: readonly string[]
  readonly edges: number
  readonly beyond: number
  readonly settled: number
  readonly depth: number
  /** The shortest way to each kind of violation, and to dead ends. */
  readonly violations: ReadonlyMap<string, readonly string[]>
}

export interface SearchOptions {
  /** States after which nothing new is looked at. */
  readonly limit?: number
  /** End at the first violation. */
  readonly quick?: boolean
  /** What may happen, in place of what the bounds say: each of these from the beginning, states that are equal counted once. */
  readonly budgets?: readonly Budget[]
  readonly tell?: (line: string) => void
}

export function search (bounds: Bounds, { limit = Infinity, quick = false, budgets = [bounds], tell = () => {} }: SearchOptions = {}): Report {
  const identities = new Identities(bounds.nodes)
  const numbers = new Map<string, number>()
  const cameFrom: number[] = []
  const labels: string[] = []
  const depths: number[] = []
  const sources: number[] = []
  const targets: number[] = []
  const good: number[] = []
  const violations = new Map<string, readonly string[]>()
  let beyond = 0
  let settled = 0

  const wayTo = (state: number): string[] => {
    const way: string[] = []
    for (let at = state; (cameFrom[at] ?? -1) >= 0; at = cameFrom[at] ?? 0) way.push(labels[at] ?? '')
    return way.reverse()
  }
  const enter = (world: World, from: number, label: string, ordered = false): number | null => {
    const id = identities.of(world)
    const known = numbers.get(id)
    if (known !== undefined) {
      if (from >= 0 && !ordered) {
        sources.push(from)
        targets.push(known)
      }
      return null
    }
    const number = numbers.size
    numbers.set(id, number)
    cameFrom.push(from)
    labels.push(label)
    depths.push(from < 0 ? 0 : (depths[from] ?? 0) + 1)
    if (from >= 0 && !ordered) {
      sources.push(from)
      targets.push(number)
    }
    return number
  }

  let frontier: Array<{ world: World, number: number }> = budgets.flatMap((budget) => {
    const world = canonical(initialWorld({ ...bounds, ...budget }), null)
    const number = enter(world, -1, '')
    return number === null ? [] : [{ world, number }]
  })
  const enough = () => numbers.size >= limit || (quick && violations.size > 0)
  while (frontier.length > 0 && !enough()) {
    const next: typeof frontier = []
    for (const { world, number } of frontier) {
      if (world.zk.key.version > bounds.writes) {
        beyond++
        good.push(number)
        continue
      }
      if (isSettled(world)) {
        settled++
        good.push(number)
      }
      for (const happening of happenings(world, bounds)) {
        const after = canonical(noticed(happening.world, world), world)
        const entered = enter(after, number, happening.label, happening.ordered)
        if (entered === null) continue
        const wrong = violation(after, world) ?? mutualWait(after)
        if (wrong === null) next.push({ world: after, number: entered })
        else {
          good.push(entered)
          if (!violations.has(wrong)) violations.set(wrong, wayTo(entered))
        }
      }
    }
    frontier = next
    tell(`depth ${depths.at(-1) ?? 0}: ${numbers.size} states, ${frontier.length} to look at`)
  }
  for (const { number } of frontier) good.push(number)
  const dead = firstDeadEnd(numbers.size, sources, targets, good)
  if (dead !== null) violations.set('dead end: no way left to settle', wayTo(dead))
  return { exhausted: frontier.length === 0, states: numbers.size, ids: [...numbers.keys()], edges: sources.length, beyond, settled, depth: depths.at(-1) ?? 0, violations }
}

/** The first state from which none of `good` can be reached, by walking the edges backwards. */
function firstDeadEnd (states: number, sources: readonly number[], targets: readonly number[], good: readonly number[]): number | null {
  const heads = new Int32Array(states).fill(-1)
  const nexts = new Int32Array(sources.length)
  for (let edge = 0; edge < sources.length; edge++) {
    const target = targets[edge] ?? 0
    nexts[edge] = heads[target] ?? -1
    heads[target] = edge
  }
  const alive = new Uint8Array(states)
  const stack = [...good]
  for (const state of good) alive[state] = 1
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    for (let edge = heads[state] ?? -1; edge >= 0; edge = nexts[edge] ?? -1) {
      const source = sources[edge] ?? 0
      if (alive[source] === 1) continue
      alive[source] = 1
      stack.push(source)
    }
  }
  const dead = alive.indexOf(0)
  return dead < 0 ? null : dead
}
