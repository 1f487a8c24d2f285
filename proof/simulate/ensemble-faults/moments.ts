/** Which faults of ZooKeeper's service a run has, if any, and when they strike, besides what would be done to the run anyhow. */
import { CONFIG, nodePath, NODES, PRIMARY_NODE, SWITCHOVERS } from '../../../src/cluster/layout.ts'
import { DOER, serversOf, sessionTimeoutOf, type Fault, type Stage } from '../faults.ts'
import type { Random } from '../random.ts'
import { steps } from '../steps.ts'
import { ensembleFaultKinds, type EnsembleFaultKind } from './kinds.ts'

const SHARE = 0.2

/** @param random a stream of its own, so that runs without such faults are as they would be without this */
export function ensembleFaultKindsOf (random: Random): readonly EnsembleFaultKind[] {
  if (!random.chance(SHARE)) return []
  return random.shuffled(ensembleFaultKinds).slice(0, random.pick([1, 1, 2, 3]))
}

export function ensembleFaultsOf (stage: Stage, random: Random): Fault[] {
  const faults: Fault[] = []
  for (let at = random.between(15_000, 60_000); at < stage.span; at += random.between(20_000, 90_000)) {
    const kind = random.pick(stage.ensembleFaults)
    if (kind !== undefined) faults.push(...moments[kind](Math.round(at), stage, random))
  }
  return faults
}

/** Milliseconds: longer than any lease lasts. That is what makes it safe: what starts from other data does not know what a node may hold. */
const away = (stage: Stage, random: Random) => Math.round(random.between(1.1, 2.5) * sessionTimeoutOf(stage)) + 1_000

/** Milliseconds: what a winner of the key may have been seen as for that long is taken into account (`proof/invariants/judged-winners.ts`). */
const LONGEST_LAG = 12_000

/** Of the znodes of a node. */
const deniedOf = ['presence', 'routerstate', 'daemonstate', 'transition', 'keepalive'] as const

const moments: Readonly<Record<EnsembleFaultKind, (at: number, stage: Stage, random: Random) => Fault[]>> = {
  wipe: (at, stage, random) => [{ at, kind: 'wipe', lasts: away(stage, random) }],
  restore: (at, stage, random) => [{ at, kind: 'restore', lost: Math.round(random.pick([random.between(1, 30), random.between(30, 1_000), random.between(1_000, 5_000)])), lasts: away(stage, random) }],
  // Something happens meanwhile that is denied, or whose event is withheld.
  deny: (at, stage, random) => {
    const lasts = Math.round(random.between(2_000, 40_000))
    const between = () => at + Math.round(random.between(0, lasts))
    const node = random.pick(stage.nodes) ?? ''
    return [
      { at, kind: 'deny', path: random.pick([PRIMARY_NODE, PRIMARY_NODE, SWITCHOVERS, CONFIG, NODES, nodePath(node), ...deniedOf.map((name) => nodePath(node, name))]), allowed: random.pick(['', 'r', 'rcd', 'rw', 'wcd', 'wcd']), lasts },
      { at: between(), kind: 'request', api: random.pick(stage.apis) ?? '', to: random.pick(stage.nodes) ?? '', again: false },
      { at: between(), kind: 'blind_write', value: random.pick(['none', ...stage.nodes]) },
    ]
  },
  auth_required: (at, _stage, random) => [{ at, kind: 'auth_required', lasts: Math.round(random.between(500, 40_000)) }],
  turn_away: (at, stage, random) => [{ at, ...random.chance(0.5) ? { cue: { on: random.pick(steps), after: 0 }, process: DOER } : { process: random.pick([...stage.nodes, ...stage.apis]) ?? '' }, kind: 'turn_away', servers: random.chance(0.7) ? serversOf(stage) : random.shuffled(serversOf(stage)).slice(0, 1), lasts: Math.round(random.between(100, 3 * sessionTimeoutOf(stage))) }],
  lag: (at, stage, random) => [{ at, ...random.chance(0.7) ? { cue: { on: random.pick(steps), after: Math.round(random.pick([0, random.between(0, 50)])) }, server: DOER } : { server: random.pick(serversOf(stage)) ?? 0 }, kind: 'lag', lasts: Math.round(random.between(500, LONGEST_LAG)) }],
}
