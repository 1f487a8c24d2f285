/**
 * Something that finds out about this machine for the keepalive. A collector may hang, throw or be slow as it likes: `Collection` gives it a
 * deadline and never waits for it with anything else.
 */
import type { NodeKey } from '../../cluster/layout.ts'

/** What a collector may say in PVC's layout: whole texts of znodes below `/nodes/<n>`. */
export type CollectedKey = Extract<NodeKey, 'memtotal' | 'memused' | 'memfree' | 'cpuload' | 'staticdata' | 'network_stats'>

export interface Check {
  /** What it takes off the node's health, 0 to 100. */
  readonly healthDelta: number
  /** One sentence for people. */
  readonly message: string
  /** Anything JSON can hold, its numbers as `parseWritten` has them. */
  readonly data: unknown
}

export interface Reading {
  readonly znodes: Readonly<Partial<Record<CollectedKey, string>>>
  /** What is served as one of PVC's monitoring checks; null for a collector that is none. */
  readonly check: Check | null
}

export interface Collector {
  readonly name: string
  /** Milliseconds until it counts as hanging. */
  readonly timeout: number
  /** Takes one reading. An error's message says, as the end of a sentence, what went wrong. */
  collect (signal: AbortSignal): Promise<Reading>
}

/** It answered, and the answer is of no use; the message is the end of a sentence. */
export class CollectorFault extends Error {
  readonly code = 'collector_fault'
}
