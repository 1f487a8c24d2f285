/**
 * A node's health and its checks as PVC's znodes hold them. Pure: what each check last said, in; texts to be written, out. A check whose value
 * is old says so in its message, because PVC's layout has no other place for it; its figures and the time of its last run stay. A text of ours
 * beside them, `stale`, says it to programs.
 */
import { jsonText } from './written-number.ts'

/** The name of the text that says whether a check's value is old: `true` or `false`. */
export const STALE = 'stale'

/** Whether a check's value is old, by that text. A PVC daemon writes none. */
export const isStale = (text: string | undefined): boolean => text === 'true'

/** What one check last said. */
export interface CheckState {
  readonly name: string
  /** null before it has said anything. */
  readonly healthDelta: number | null
  readonly message: string
  /** Each number as the check has written it. */
  readonly data: unknown
  /** Seconds since 1970; null before the first run. */
  readonly lastRun: number | null
  /** Seconds. */
  readonly runtime: number
  /** Why it is old, as the end of a sentence; null if it is not. */
  readonly fault: string | null
}

/** 100 less everything that the checks take off; never below 0. */
export const healthOf = (checks: readonly CheckState[]): number =>
  Math.max(0, 100 - checks.reduce((sum, check) => sum + (check.healthDelta ?? 0), 0))

/** The texts below `monitoring_data/<check>`, by name. */
export function checkTexts (check: CheckState): Readonly<Record<'last_run' | 'health_delta' | 'message' | 'data' | 'runtime' | typeof STALE, string>> {
  return {
    last_run: String(check.lastRun ?? 0),
    health_delta: String(check.healthDelta ?? 0),
    message: messageOf(check),
    data: jsonText(check.data),
    runtime: check.runtime.toFixed(2),
    [STALE]: String(check.fault !== null),
  }
}

function messageOf ({ name, fault, healthDelta, message }: CheckState): string {
  if (fault === null) return message
  return healthDelta === null ? `No value yet: ${name} ${fault}` : `Old value (${name} ${fault}): ${message}`
}

/** The list in `monitoring_plugins`. */
export const checkNames = (checks: readonly CheckState[]): string => checks.map((check) => check.name).sort().join(' ')
