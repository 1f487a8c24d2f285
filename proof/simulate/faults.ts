/** What goes wrong in a run, and what clients ask for: a list made from the seed beforehand, so that a run can be repeated with less of it. */
import type { NodeConfig } from '../../src/pvcnoded/config/node-config.ts'
import type { EnsembleFault, EnsembleFaultKind } from './ensemble-faults/kinds.ts'
import type { FencingHumour, Humour } from './machine.ts'
import type { PvcTraits } from './pvc/traits.ts'
import type { Random } from './random.ts'
import type { Cut } from './zookeeper/network.ts'
import { steps, type Step } from './steps.ts'

/** Milliseconds, as every simulated node has it. */
export const KEEPALIVE_INTERVAL = 5_000
export const TRANSITION_DELAY = 500

/** In place of a process, a node or a server: whoever took the step that the fault waits for, and the server that it is connected to. */
export const DOER = 'doer'

/** A fault that waits for the next step of this kind that anybody takes, and strikes that many milliseconds after it. */
export interface Cue {
  readonly on: Step
  readonly after: number
}

/** Times in milliseconds. `at` is when it strikes, or from when on it waits for its cue; `lasts` is how long until it is put right. */
export type Fault = { readonly at: number, readonly cue?: Cue } & (
  | { readonly kind: 'kill', readonly process: string, readonly lasts: number }
  | { readonly kind: 'pause', readonly process: string, readonly lasts: number }
  | { readonly kind: 'shutdown', readonly node: string, readonly lasts: number }
  | { readonly kind: 'cut', readonly process: string, readonly servers: readonly number[], readonly way: Cut, readonly lasts: number }
  | { readonly kind: 'stall', readonly process: string, readonly servers: readonly number[], readonly way: Cut, readonly lasts: number }
  | { readonly kind: 'reset', readonly process: string }
  | { readonly kind: 'server_down', readonly servers: readonly number[], readonly lasts: number }
  | { readonly kind: 'server_cut', readonly server: number | typeof DOER, readonly lasts: number }
  | { readonly kind: 'server_silent', readonly server: number | typeof DOER, readonly lasts: number }
  | { readonly kind: 'reelect' }
  | { readonly kind: 'resource', readonly node: string, readonly resource: string, readonly humour: Humour, readonly lasts: number }
  | { readonly kind: 'unready', readonly node: string, readonly resource: string, readonly lasts: number }
  | { readonly kind: 'left_lock', readonly lasts: number }
  | { readonly kind: 'fencing', readonly humour: FencingHumour, readonly lasts: number }
  | { readonly kind: 'blind_write', readonly value: string }
  | { readonly kind: 'key_restored', readonly value: string }
  | { readonly kind: 'skew', readonly process: string, readonly by: number }
  | { readonly kind: 'request', readonly api: string, readonly to: string, readonly again: boolean, readonly force?: true }
  | EnsembleFault
)

export interface Stage {
  /** What becomes of a dead node: an operator sees to it, a command takes its power, or its lease is trusted. */
  readonly fencing: 'none' | 'command' | 'unfenced'
  readonly nodes: readonly string[]
  readonly apis: readonly string[]
  readonly servers: number
  /** Milliseconds, typically, between any two machines. */
  readonly latency: number
  readonly resources: readonly string[]
  /** Milliseconds in which things go wrong. */
  readonly span: number
  /** Milliseconds between two of them, on average. */
  readonly every: number
  /** Milliseconds: what is asked for, and the most that the servers grant. */
  readonly sessionTimeout: number
  readonly maxSessionTimeout: number
  /** Milliseconds for each release; more than a lease leaves for all of them may end with the node ending itself. */
  readonly releaseTimeout: number
  /** Milliseconds that a lease which is trusted gets beyond its session; undefined for the daemons' own. */
  readonly takeoverGrace: number | undefined
  /** The node among `nodes` that has PVC's daemon; null: all have ours. */
  readonly pvc: PvcTraits | null
  /** Node → what it prefers; the defaults of a node that is not here. */
  readonly candidates: Readonly<Record<string, NodeConfig['candidate']>>
  /** Node → which of the resources it is configured with; all of them where it is not here. */
  readonly configured: Readonly<Record<string, readonly string[]>>
  /** Which faults of ZooKeeper's service there are; in most runs none. */
  readonly ensembleFaults: readonly EnsembleFaultKind[]
}

/** As granted. */
export const sessionTimeoutOf = ({ sessionTimeout, maxSessionTimeout }: Stage) => Math.min(sessionTimeout, maxSessionTimeout)

export const serversOf = ({ servers }: Stage) => Array.from({ length: servers }, (_, index) => index)

const humours: readonly [Humour, ...Humour[]] = ['fails', 'hangs', 'slow']
const fencingHumours: readonly [FencingHumour, ...FencingHumour[]] = ['fails', 'hangs', 'late']
const ways: readonly [Cut, ...Cut[]] = ['both', 'both', 'to_server', 'from_server']

export function planOf (stage: Stage, random: Random): Fault[] {
  const faults: Fault[] = []
  for (let at = random.between(2_000, 6_000); at < stage.span; at += -Math.log(1 - random.next()) * stage.every) {
    const cue = random.chance(0.4) ? { cue: cueOf(random) } : {}
    faults.push(...random.chance(0.14) ? worstMoment(Math.round(at), stage, random) : [{ at: Math.round(at), ...cue, ...faultOf(stage, random, 'cue' in cue) } as Fault])
  }
  return faults
}

/** What chance alone would seldom bring about: each aims at the moment at which one promise is nearest to being broken. */
function worstMoment (at: number, stage: Stage, random: Random): Fault[] {
  const sessionTimeout = sessionTimeoutOf(stage)
  const renewed = { at, cue: { on: 'renewal', after: 0 }, process: DOER, servers: serversOf(stage) } as const
  const moments: readonly [() => Fault[], ...Array<() => Fault[]>] = [
    // Nothing that the holder of a lease sends arrives any more, and what it was sent comes late: never do the two ends differ more in what they heard
    // last. What it holds it can hardly release.
    () => [
      { ...renewed, kind: 'stall', way: 'from_server', lasts: Math.round(random.between(0, sessionTimeout / 4)) },
      { ...renewed, kind: 'cut', way: 'to_server', lasts: 2 * sessionTimeout },
      { at, cue: renewed.cue, kind: 'resource', node: DOER, resource: random.pick(stage.resources) ?? '', humour: random.pick(humours), lasts: 2 * sessionTimeout },
    ],
    // The server that a lease holder is connected to stops answering every client, and closes no connection.
    () => [{ at, cue: { on: 'renewal', after: Math.round(random.between(0, sessionTimeout / 10)) }, kind: 'server_silent', server: DOER, lasts: Math.round(random.between(1.2, 4) * sessionTimeout) }],
    // The server that a lease holder is connected to is cut off from the other servers. It still answers reads.
    () => [{ at, cue: { on: 'renewal', after: Math.round(random.between(0, sessionTimeout / 10)) }, kind: 'server_cut', server: DOER, lasts: Math.round(random.between(1.2, 2) * sessionTimeout) }],
    // Whoever holds everything stands still for longer than its session lives, and the fence that is to cover that does not work.
    ...(stage.fencing !== 'command'
      ? []
      : [(): Fault[] => [
          { at, cue: renewed.cue, kind: 'pause', process: DOER, lasts: Math.round(random.between(2, 4) * sessionTimeout) },
          { at, cue: renewed.cue, kind: 'fencing', humour: random.pick(fencingHumours), lasts: 4 * sessionTimeout },
        ]]),
    // The ensemble is away for longer than a keepalive may be old, and little else happens meanwhile.
    ...(stage.every < 6_000 ? [] : [(): Fault[] => [{ at, kind: 'server_down', servers: serversOf(stage), lasts: Math.round(random.between(30_000, 60_000)) }]]),
    // A node is told to stop when its next keepalive is due at any moment.
    () => [{ at, cue: { on: 'keepalive', after: KEEPALIVE_INTERVAL - Math.round(random.between(0, 25)) }, kind: 'shutdown', node: DOER, lasts: Math.round(random.between(100, 20_000)) }],
    // Whoever writes the key does not hear of it, and somebody writes over it before there is contact again.
    () => [
      { at, cue: { on: 'key', after: 0 }, kind: 'reset', process: DOER },
      { at, cue: { on: 'key', after: Math.round(random.between(0, 20)) / 10 }, kind: 'blind_write', value: random.pick(stage.nodes) ?? '' },
    ],
    // An operator writes the key by hand to a node whose readiness check has failed.
    () => {
      const node = random.pick(stage.nodes) ?? ''
      return [
        { at, kind: 'unready', node, resource: random.pick(stage.resources) ?? '', lasts: 40_000 },
        { at: at + Math.round(random.between(1_000, 30_000)), kind: 'blind_write', value: node },
      ]
    },
    // The key changes again when the nodes are just about to follow it.
    () => [{ at, cue: { on: 'key', after: TRANSITION_DELAY + Math.round(random.between(-12, 4)) }, kind: 'blind_write', value: random.pick(stage.nodes) ?? '' }],
  ]
  return random.pick(moments)()
}

/** Most of what can go wrong goes wrong within a few milliseconds of a step: before its reply has come, or before the next step. */
function cueOf (random: Random): Cue {
  const after = random.pick([0, random.between(0, 5), random.between(0, 50), random.between(0, 2_000)])
  return { on: random.pick(steps), after: Math.round(after * 10) / 10 }
}

type WithoutTime = Fault extends infer F ? F extends { at: number } ? Omit<F, 'at' | 'cue'> : never : never

function faultOf (stage: Stage, random: Random, cued: boolean): WithoutTime {
  const { nodes, apis, resources, fencing } = stage
  const aimed = cued && random.chance(0.7)
  const node = () => aimed ? DOER : random.pick(nodes) ?? ''
  const process = () => aimed ? DOER : random.pick([...nodes, ...nodes, ...apis]) ?? ''
  const api = () => random.pick(apis) ?? ''
  const sessionTimeout = sessionTimeoutOf(stage)
  const numbers = serversOf(stage)
  const lasts = () => Math.round(random.chance(0.5) ? random.between(50, sessionTimeout) : random.between(sessionTimeout, 4 * sessionTimeout))
  const roll = random.next()
  if (roll < 0.40) return { kind: 'request', api: api(), to: node(), again: random.chance(0.3) }
  if (roll < 0.46) return { kind: 'kill', process: process(), lasts: lasts() }
  // A process that stands still keeps what it holds, and no lease can change that: only a fence covers it.
  if (roll < 0.52) return { kind: 'pause', process: fencing === 'unfenced' ? api() : process(), lasts: lasts() }
  if (roll < 0.58) return { kind: 'shutdown', node: node(), lasts: lasts() }
  if (roll < 0.66) return { kind: 'cut', process: process(), servers: random.chance(0.6) ? numbers : random.shuffled(numbers).slice(0, 1), way: random.pick(ways), lasts: lasts() }
  if (roll < 0.71) return { kind: 'stall', process: process(), servers: numbers, way: random.pick(ways), lasts: lasts() }
  if (roll < 0.74) return { kind: 'reset', process: process() }
  // Long enough that a keepalive would be too old, and sessions live through it: nobody counts them out meanwhile.
  if (roll < 0.75) return { kind: 'server_down', servers: numbers, lasts: random.chance(0.4) ? Math.round(random.between(30_000, 90_000)) : lasts() }
  if (roll < 0.78) return { kind: 'server_down', servers: random.shuffled(numbers).slice(0, 1), lasts: lasts() }
  if (roll < 0.785) return { kind: 'server_silent', server: aimed ? DOER : random.pick(numbers) ?? 0, lasts: lasts() }
  if (roll < 0.84) return { kind: 'server_cut', server: aimed ? DOER : random.pick(numbers) ?? 0, lasts: lasts() }
  if (roll < 0.87) return { kind: 'reelect' }
  if (roll < 0.88 && fencing === 'command') return { kind: 'fencing', humour: random.pick(fencingHumours), lasts: lasts() }
  if (roll < 0.885) return { kind: 'left_lock', lasts: lasts() }
  if (roll < 0.895) return { kind: 'unready', node: node(), resource: random.pick(resources) ?? '', lasts: lasts() }
  if (roll < 0.93) return { kind: 'resource', node: node(), resource: random.pick(resources) ?? '', humour: random.pick(humours), lasts: lasts() }
  if (roll < 0.98) return { kind: 'blind_write', value: random.chance(0.3) ? 'none' : random.chance(0.1) ? 'nobody' : node() }
  if (roll < 0.985) return { kind: 'key_restored', value: random.chance(0.5) ? 'none' : node() }
  return { kind: 'skew', process: process(), by: Math.round(random.between(-3_600_000, 3_600_000)) }
}

const ofTheKey: ReadonlySet<Fault['kind']> = new Set(['request', 'blind_write', 'key_restored'])
/** Whether a fault only writes the key, through a daemon or directly. */
export const isOfTheKey = ({ kind }: Fault): boolean => ofTheKey.has(kind)

export const isRequest = ({ kind }: Fault): boolean => kind === 'request'

export interface Doer {
  readonly name: string | undefined
  readonly server: number | undefined
}

/** With the doer in it where it was to be whoever took the step; null if that is nobody whom this fault can strike. */
export function aimedAt (fault: Fault, { name: doer, server }: Doer, { nodes, apis }: Stage): Fault | null {
  const aimed = { ...fault } as Record<string, unknown>
  if (aimed['server'] === DOER) {
    if (server === undefined) return null
    aimed['server'] = server
  }
  for (const [field, able] of [['process', [...nodes, ...apis]], ['node', nodes], ['to', nodes], ['value', nodes]] as const) {
    if (aimed[field] !== DOER) continue
    if (doer === undefined || !able.includes(doer)) return null
    aimed[field] = doer
  }
  return aimed as unknown as Fault
}

/** One line that says it. */
export function sentence (fault: Fault): string {
  const { at, cue, kind, ...rest } = fault
  const when = cue === undefined ? '' : `, ${cue.after} ms after the next ${cue.on}`
  return `${(at / 1000).toFixed(3)} s${when}: ${kind} ${Object.entries(rest).map(([name, value]) => `${name}=${Array.isArray(value) ? value.join('+') : String(value)}`).join(' ')}`
}
