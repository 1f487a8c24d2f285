/** What is done to a run because one of its nodes has PVC's daemon, besides what would be done to it anyhow. */
import { DOER, isOfTheKey, serversOf, type Fault, type Stage } from '../faults.ts'
import type { Random } from '../random.ts'
import type { PvcTraits } from './traits.ts'

/** Milliseconds after which PVC, which goes by keepalives, judges a node, and ours judge a PVC node. */
const silence = (random: Random) => Math.round(random.between(42_000, 100_000))

export function momentsOf (stage: Stage, pvc: PvcTraits, random: Random): Fault[] {
  const faults: Fault[] = []
  for (let at = random.between(5_000, 30_000); at < stage.span; at += random.between(10_000, 90_000)) faults.push(...momentOf(Math.round(at), stage, pvc, random))
  return pvc.calm ? faults.filter(isOfTheKey) : faults
}

function momentOf (at: number, stage: Stage, { node }: PvcTraits, random: Random): Fault[] {
  const ours = stage.nodes.filter((name) => name !== node)
  const api = random.pick(stage.apis) ?? ''
  const midway = (value: string): Fault => ({ at, cue: { on: 'takeover', after: Math.round(random.between(0, 1_500)) }, kind: 'blind_write', value })
  // What holds everything is silent for longer than PVC waits. Where a lease is all that peers rely on, no node stands still.
  const holderSilent = (): Fault[] => [{ at, cue: { on: 'renewal', after: 0 }, kind: stage.fencing === 'unfenced' || random.chance(0.3) ? 'kill' : 'pause', process: DOER, lasts: silence(random) }]
  const moments: readonly [() => Fault[], ...Array<() => Fault[]>] = [
    () => [{ at, kind: 'request', api, to: node, again: false }],
    () => [{ at, kind: 'request', api, to: random.pick(ours) ?? '', again: false }],
    // The key names the PVC node when another one has just begun its takeover; or it has begun itself, and the key names another one.
    () => [{ at, kind: 'request', api, to: random.pick(ours) ?? '', again: false }, midway(node)],
    () => [{ at, kind: 'request', api, to: node, again: false }, midway(random.chance(0.3) ? 'none' : random.pick(ours) ?? '')],
    holderSilent,
    holderSilent,
    // The PVC node is.
    () => [{ at, kind: random.pick(['kill', 'pause']), process: node, lasts: silence(random) }],
    () => [{ at, kind: 'cut', process: node, servers: serversOf(stage), way: 'both', lasts: silence(random) }],
  ]
  return random.pick(moments)()
}
