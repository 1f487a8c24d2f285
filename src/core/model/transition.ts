/**
 * A node's own way through takeover, relinquish or its start, resource by resource, as it publishes it in
 * `/nodes/<n>/transition`. The znode outlives the transition, so a fresh one is always written before the coordinator state that
 * it belongs to; `released` is only ever extended after the release is done. Its existence also marks a node as one of ours.
 */
import { count, jsonObject, text, texts } from './znode.ts'

export const directions = ['start', 'takeover', 'relinquish'] as const
export type Direction = typeof directions[number]

/** Code → what went wrong, and what to do. A code, once published, keeps its meaning. docs/errors.md is made from this list. */
export const failures = {
  acquire_failed: 'The resource could not be acquired within its retries. Mend it on that node; the role went back, and the node backs off for a while.',
  acquire_aborted: 'The acquisition was stopped before it ended. Ask again.',
  release_failed: 'The resource could not be released within its retries. Mend it on that node, or end the node: no node takes over what it may hold.',
  release_aborted: 'The release was stopped before it ended. Look at the node\'s log.',
  not_released: 'A node had not released the resource when the bound of the switchover had passed, so the taker acquired nothing. Mend the release on that node; if it cannot be asked, make certain that it is down and confirm that. Then ask again.',
  ready_failed: 'The node found that it could not acquire the resource before anything was released for it; the role stayed where it was. Mend it on that node; `GET /api/v1/switchover/eligibility` says when it is ready.',
  check_failed: 'The resource was found not to be held any more; the primary acquires it again by itself.',
  resource_lost: 'A resource of the primary was gone and could not be acquired again there, so the role was handed on. Mend it on that node.',
  peer_in_takeover: 'A PVC node that the key had named before was taking over, and does so whatever the key says by then, so this takeover gave way to it. Look at which node is primary, and ask again.',
  no_other_primary: 'The key was freed, and no other coordinator took the role. `GET /api/v1/switchover/eligibility` says why not.',
} as const
export type FailureCode = keyof typeof failures

/** What went wrong, as it is read: a daemon of another version may have codes of its own. */
export interface Failure {
  readonly code: string
  readonly resource: string | null
  readonly message: string
}

/** What went wrong, as it is written. */
export interface KnownFailure extends Failure {
  readonly code: FailureCode
}

export interface Transition {
  /** The epoch it belongs to; null for a start. */
  readonly epoch: number | null
  readonly direction: Direction
  /** Finished steps, of `of` planned ones. */
  readonly step: number
  readonly of: number
  /** The resource being worked on. */
  readonly resource: string | null
  /** Resources that this transition has released, each named only once that was done. */
  readonly released: readonly string[]
  /** Those of `released` that this node turned out not to have had. */
  readonly absent?: readonly string[]
  /** When it began, RFC 3339, by the node's own wall clock. For people only. */
  readonly since: string
  readonly error: Failure | null
}

export function parseFailure (value: unknown): Failure | null {
  if (typeof value !== 'object' || value === null) return null
  const { code, resource, message } = value as Record<string, unknown>
  return { code: text(code) ?? 'unknown', resource: text(resource), message: text(message) ?? '' }
}

/** The transition in a znode's text, or null if it is absent or malformed: then nothing counts as released. */
export function parseTransition (data: string | null | undefined): Transition | null {
  const object = jsonObject(data)
  const direction = directions.find((known) => known === object?.['direction'])
  if (object === null || direction === undefined) return null
  const absent = texts(object['absent'])
  return {
    epoch: count(object['epoch']),
    direction,
    step: count(object['step']) ?? 0,
    of: count(object['of']) ?? 0,
    resource: text(object['resource']),
    released: texts(object['released']),
    ...(absent.length > 0 ? { absent } : {}),
    since: text(object['since']) ?? '',
    error: parseFailure(object['error']),
  }
}
