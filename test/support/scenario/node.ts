/** A node of a scenario, one life of its daemon, and how long what they do takes. */
import type { Coordinator, NodeOp } from '../../../src/core/coordinator/coordinator-state.ts'
import type { Session } from './store.ts'

/** Milliseconds. */
export const TIMES = {
  operation: 2,
  view: 3,
  acquire: 100,
  release: 50,
  releaseTimeout: 5_000,
  killed: 20,
  lockTimeout: 400,
  session: 10_000,
  newLife: 100,
  unrecorded: 250,
  grace: 5_000,
}

export const SETTINGS = {
  delays: { transitionDelay: 500, takeoverStart: 5_000, reclaimDelay: 5_000, settleTime: 2_000, handoverTimeout: 120_000 },
  backoff: { first: 5_000, most: 300_000 },
}

export type Op = NodeOp['op']

/** One process of one node: from its start until it has left, was demoted or has crashed. */
export interface Life {
  readonly node: Node
  readonly session: Session
  machine: Coordinator
  readonly delays: Set<number>
  readonly running: Map<number, { readonly op: NodeOp, readonly abort: (() => void) | null }>
  /** Versions of its own znodes as this life knows them. */
  readonly versions: Map<'routerstate' | 'transition' | 'daemonstate', number | undefined>
  viewDue: boolean
}

export interface Node {
  readonly name: string
  readonly mode: 'coordinator' | 'hypervisor'
  life: Life | null
  session: Session | null
  /** What this machine may hold, whatever its daemon knows of it. */
  readonly holds: Set<string>
  readonly failure: { readonly acquire: Map<string, 'fails' | 'hangs'>, readonly release: Map<string, 'fails' | 'hangs'> }
  cut: boolean
  shutdown: boolean
}
