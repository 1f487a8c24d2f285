/**
 * Something only the primary holds. An implementation brings it to this machine and takes it away from this machine, and nothing else:
 * when that may happen is for the coordinator machine to say.
 */
import type { KnownFailure } from '../../core/model/transition.ts'

export interface Resource {
  readonly name: string
  /** What is held, the same on every host: by this coordinators are compared. ASCII, one line. */
  readonly identity: string
  /** Milliseconds for one attempt each. */
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  /** Attempts after the first. */
  readonly retries: number
  /** Milliseconds between two checks; null for one that cannot be checked. */
  readonly checkInterval: number | null
  /**
   * One attempt. `acquire` and `release` are idempotent; `check` is done if the resource is held here; `ready` is done if nothing is found that
   * would keep it from being acquired here, and changes nothing. An aborted one resolves only when nothing of it continues.
   */
  attempt (action: Action, context: AttemptContext): Promise<AttemptResult>
  /** An acquisition is to follow soon: begins what takes time before it, and changes nothing. Bounded in time by itself. */
  standBy? (): void
  /** No acquisition is to follow: resolves once nothing of `standBy` continues. */
  standDown? (): Promise<void>
}

export const actions = ['acquire', 'release', 'check', 'ready'] as const
export type Action = typeof actions[number]

export interface AttemptContext {
  /** The epoch it is done for; null outside a switchover. */
  readonly epoch: number | null
  /** For `acquire`: the former holder has published, in this very switchover, that it has released the resource. */
  readonly handedOver?: boolean
  /** For `ready`: it is asked beside a daemon that may hold the resource, by a user who may not be the daemon's. */
  readonly daemonBeside?: boolean
  readonly signal: AbortSignal
  /** The lease has run out: what is aborted ends at once, and a failed attempt is the last. */
  readonly urgent?: AbortSignal
}

export type AttemptResult =
  /** `absent`: of a `release`, the resource turned out not to be held here. */
  | { readonly kind: 'done', readonly absent?: true }
  | { readonly kind: 'failed', readonly failure: KnownFailure }
  | { readonly kind: 'aborted' }

/** Tries until it is done, aborted, or out of attempts; the last attempt's failure is the one that counts. Once it is urgent, a failed attempt is the last. */
export async function attemptAll (resource: Resource, action: Action, context: AttemptContext): Promise<AttemptResult> {
  for (let left = 1 + resource.retries; ; left--) {
    const result = await resource.attempt(action, context)
    if (result.kind !== 'failed' || left <= 1 || context.urgent?.aborted === true) return result
    if (context.signal.aborted) return { kind: 'aborted' }
  }
}
