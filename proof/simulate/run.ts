/** One run: a cluster from nothing, what the seed does to it, and then peace until it has settled or is found not to. */
import type { EnsembleFaultKind } from './ensemble-faults/kinds.ts'
import type { BesidePvc } from '../invariants/judged-beside-pvc.ts'
import { SimulatedCluster } from './cluster.ts'
import { isOfTheKey, planOf, type Fault, type Stage } from './faults.ts'
import { ensembleFaultKindsOf, ensembleFaultsOf } from './ensemble-faults/moments.ts'
import { resourcesOf } from './node-config.ts'
import { momentsOf } from './pvc/moments.ts'
import { traitsOf } from './pvc/traits.ts'
import { Random } from './random.ts'
import { Timeline } from './timeline.ts'

export interface RunReport {
  readonly seed: string
  readonly faults: readonly Fault[]
  /** How many of them have struck, and how many requests were made. */
  readonly struck: { readonly faults: number, readonly requests: number }
  /** The first violation; null if there is none. */
  readonly violation: string | null
  readonly switchovers: number
  readonly outcomes: ReadonlyMap<string, number>
  /** Null if all nodes had ours. */
  readonly besidePvc: BesidePvc | null
  /** Faults of ZooKeeper's service that have struck; null if the run has none. */
  readonly ensembleFaults: ReadonlyMap<EnsembleFaultKind, number> | null
  readonly steps: number
  /** Milliseconds. */
  readonly simulated: number
  /** Milliseconds from the end of all faults until the cluster had settled. */
  readonly settledAfter: number
  /** What happened, if it was wanted. */
  readonly story: readonly string[]
}

/** Milliseconds after the span in which what had its cue by then still strikes. */
const LAST_CUES = 2_000
/** Milliseconds in which a cluster that is left alone has settled: the longest backoff, and a switchover. */
const SETTLED_WITHIN = 420_000

/** Milliseconds for which a cluster has to say that only unwilling nodes are left before an operator asks for one of them. */
const SAID = 20_000

function stageOf (seed: string): Stage {
  const seeded = new Random(seed)
  const random = seeded.stream('stage')
  const nodes = ['hv1', 'hv2', 'hv3', 'hv4', 'hv5'].slice(0, random.pick([2, 3, 3, 3, 5]))
  const fencing: Stage['fencing'] = random.pick(['none', 'command', 'command', 'unfenced', 'unfenced'])
  const pvc = traitsOf(seeded.stream('pvc'), nodes)
  return {
    fencing: pvc?.fencesAlone === true ? 'none' : fencing,
    nodes,
    apis: ['api1', 'api2'],
    servers: random.pick([1, 3, 3]),
    resources: ['r1', 'r2'],
    span: 300_000,
    every: random.pick([1_500, 3_000, 6_000, 12_000]),
    latency: random.pick([0.4, 0.4, 0.4, 4, 20]),
    // A command that takes long is nothing wrong.
    releaseTimeout: Math.max(random.pick([400, 5_000]), pvc?.calm === true ? 5_000 : 0),
    takeoverGrace: random.pick([undefined, 0, 0]),
    pvc,
    candidates: pvc === null ? candidatesOf(seeded.stream('candidates'), nodes) : {},
    configured: pvc === null ? configuredOf(seeded.stream('configured'), nodes) : {},
    // PVC's daemon decides by itself what it does then.
    ensembleFaults: pvc === null ? ensembleFaultKindsOf(seeded.stream('ensemble faults')) : [],
    ...random.pick([{ sessionTimeout: 6_000, maxSessionTimeout: 40_000 }, { sessionTimeout: 10_000, maxSessionTimeout: 40_000 }, { sessionTimeout: 30_000, maxSessionTimeout: 40_000 }, { sessionTimeout: 20_000, maxSessionTimeout: 6_000 }]),
  }
}

/** In every other run nodes prefer something, each by chance. */
function candidatesOf (random: Random, nodes: readonly string[]): Stage['candidates'] {
  if (random.chance(0.5)) return {}
  return Object.fromEntries(nodes.map((node) => [node, { priority: random.pick([0, 0, 1, 50, 50, 80, 100]), minHealth: random.pick([0, 0, 0, 50, 100]) }]))
}

/** In one run of four some nodes are configured without resources that others have. */
function configuredOf (random: Random, nodes: readonly string[]): Stage['configured'] {
  if (random.chance(0.75)) return {}
  return Object.fromEntries(nodes.map((node) => [node, random.pick([['r1', 'r2'], ['r1', 'r2'], ['r1'], ['r2'], []])]))
}

function plannedFor (stage: Stage, random: Random): readonly Fault[] {
  const { pvc } = stage
  const planned = planOf(stage, random.stream('faults'))
  if (pvc === null) return stage.ensembleFaults.length === 0 ? planned : [...planned, ...ensembleFaultsOf(stage, random.stream('ensemble fault moments'))]
  return [...pvc.calm ? planned.filter(isOfTheKey) : planned, ...momentsOf(stage, pvc, random.stream('pvc moments'))]
}

export interface RunOptions {
  /** Instead of what the seed says. */
  readonly stage?: Partial<Stage>
  readonly faults?: readonly Fault[]
  /** Keep what happens. */
  readonly story?: boolean
}

export async function run (seed: string, { faults, story = false, stage: given }: RunOptions = {}): Promise<RunReport> {
  const stage = { ...stageOf(seed), ...given }
  const random = new Random(seed)
  const plan = faults ?? plannedFor(stage, random)
  const timeline = new Timeline()
  const lines: string[] = []
  const tell = story ? (who: string, what: string) => { lines.push(`${(timeline.now / 1000).toFixed(3).padStart(9)} ${who.padEnd(9)} ${what}`) } : () => {}
  const cluster = new SimulatedCluster({ stage, timeline, random, tell })
  const { judge } = cluster
  for (const fault of plan) {
    timeline.after(fault.at, () => cluster.release(fault))
  }
  const broken = () => judge.violations.length > 0
  await timeline.run(stage.span + LAST_CUES, broken)
  // What was to be put right later is, in its own time; then nothing is wrong any more.
  await timeline.run(cluster.troubledUntil, broken)
  if (!broken()) {
    tell('FAULT', 'everything is put right')
    cluster.heal()
  }
  const healed = timeline.now
  let settled = false
  let since = healed
  while (!broken() && !settled && timeline.now < healed + SETTLED_WITHIN) {
    await timeline.run(timeline.now + 1_000, broken)
    settled = judge.unsettled((node) => resourcesOf(node, stage)) === null
    const unwilling = settled ? null : judge.onlyUnwilling()
    since = unwilling === null ? timeline.now : since
    if (unwilling === null || timeline.now - since < SAID) continue
    // The cluster says that it waits for this; the request overrides every preference.
    cluster.release({ at: timeline.now, kind: 'request', api: random.stream(`asked ${timeline.now}`).pick(stage.apis) ?? '', to: unwilling, again: false, force: true })
    since = timeline.now
  }
  const first = judge.violations[0]
  const violation = first !== undefined ? `${first.what}, at ${(first.at / 1000).toFixed(3)} s` : settled ? null : `7: not settled: ${String(judge.unsettled((node) => resourcesOf(node, stage)))}`
  return {
    seed, faults: plan, struck: cluster.struck, violation, switchovers: judge.switchovers, outcomes: judge.outcomes, besidePvc: judge.besidePvc, ensembleFaults: stage.ensembleFaults.length === 0 ? null : cluster.ensembleFaults, steps: timeline.steps, simulated: timeline.now, settledAfter: timeline.now - healed, story: lines,
  }
}
