/**
 * What a cluster does about a dead primary, in words; and on what evidence a failover began: which node failed, who judged that and by what, and which fence or
 * operator confirmed it. The evidence is kept in the record of the switchover, because the node's own fence record is written over when it fails again.
 */
import { fenceStates, suspicions, type FenceRecord, type FenceState, type Suspicion } from './fence-record.ts'
import { shortened } from './shortened.ts'
import { count, text } from './znode.ts'

/**
 * What a coordinator does about a dead primary: fences it first, counts it as having released once its lease must have ended, or waits for an
 * operator.
 */
export const failovers = ['fenced', 'unfenced', 'manual'] as const
export type Failover = typeof failovers[number]

export const failoverOf = (word: unknown): Failover | null => failovers.find((known) => known === word) ?? null

export interface FenceEvidence {
  readonly state: FenceState
  /** The node that fenced it last, or judged it where no attempt was made. */
  readonly by: string | null
  /** The method of the fencing agent, or `operator`; null where no attempt was made. */
  readonly method: string | null
  readonly attempts: number
  /** The node whose fencing agent confirmed it, or whose key the operator had; null for an operator without a name. */
  readonly confirmed_by: string | null
  readonly confirmed_at: string | null
  /** What the last attempt came to. */
  readonly message: string | null
}

export interface Evidence {
  readonly node: string
  /** As it was when the role was taken: `fenced`, or `dead` where a node that is gone counts as having released. */
  readonly daemon_state: 'dead' | 'fenced'
  /** The coordinator that judged it; null where none of ours has, or where its record does not say. */
  readonly judged_by: string | null
  readonly judged_at: string | null
  readonly why: Suspicion | null
  /** When it wrote its last keepalive, by the ensemble's clock. */
  readonly last_sign_at: string | null
  /** null where there is no record of this failure. */
  readonly fence: FenceEvidence | null
}

/** Characters of a name, and of what a fencing agent said. */
const LONGEST_NAME = 128
const LONGEST_MESSAGE = 300

const name = (value: unknown): string | null => text(value)?.slice(0, LONGEST_NAME) ?? null
const sentence = (value: unknown): string | null => typeof value === 'string' ? shortened(value, LONGEST_MESSAGE) : null
const wordOf = <T extends string>(words: Readonly<Record<T, unknown>>, value: unknown): T | null =>
  typeof value === 'string' && Object.hasOwn(words, value) ? value as T : null

/** @param record of this failure, or null */
export const fenceEvidence = (record: FenceRecord | null): FenceEvidence | null => record === null
  ? null
  : {
      state: record.state,
      by: name(record.by),
      method: name(record.method),
      attempts: record.attempts,
      confirmed_by: name(record.confirmed_by),
      confirmed_at: name(record.confirmed_at),
      message: sentence(record.message),
    }

/** Null for anything that is not the evidence of a failure. */
export function parseEvidence (value: unknown): Evidence | null {
  const { node, daemon_state: state, judged_by: by, judged_at: at, why, last_sign_at: sign, fence } = (value ?? {}) as Record<string, unknown>
  const failed = name(node)
  if (failed === null || (state !== 'dead' && state !== 'fenced')) return null
  return { node: failed, daemon_state: state, judged_by: name(by), judged_at: name(at), why: wordOf(suspicions, why), last_sign_at: name(sign), fence: parseFenceEvidence(fence) }
}

function parseFenceEvidence (value: unknown): FenceEvidence | null {
  const { state, by, method, attempts, confirmed_by: confirmedBy, confirmed_at: confirmedAt, message } = (value ?? {}) as Record<string, unknown>
  const known = wordOf(fenceStates, state)
  if (known === null) return null
  return { state: known, by: name(by), method: name(method), attempts: count(attempts) ?? 0, confirmed_by: name(confirmedBy), confirmed_at: name(confirmedAt), message: sentence(message) }
}
