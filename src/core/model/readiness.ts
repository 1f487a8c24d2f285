/**
 * Whether a node could acquire each of its resources, as far as it can tell without changing anything. A node that holds nothing finds this out
 * at intervals and publishes it with its presence, so it is gone when the node's session is.
 */
import { shortened } from './shortened.ts'
import { text } from './znode.ts'

/** A resource that could not be acquired. */
export interface Unready {
  readonly resource: string
  /** A sentence with its cause. */
  readonly message: string
  /** When that was first found, RFC 3339, by the node's own wall clock. */
  readonly since: string
}

export interface Readiness {
  /** Empty if every resource could be acquired. */
  readonly unready: readonly Unready[]
  /** Seconds between two checks. */
  readonly interval: number
}

/** Resources of one node that are told of, and characters of each sentence: others read this at every snapshot. */
export const MOST_UNREADY = 16
const LONGEST = 300

/** What a presence publishes of it. */
export const publishedReadiness = ({ unready, interval }: Readiness): Readiness => ({
  unready: unready.slice(0, MOST_UNREADY).map(({ message, ...rest }) => ({ ...rest, message: shortened(message, LONGEST) })),
  interval,
})

/** Seconds of a day: no interval of checks is longer. */
const LONGEST_INTERVAL = 86_400

/** Null for a node that has not published any: nothing speaks against it. */
export function parseReadiness (value: unknown): Readiness | null {
  const { unready, interval } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (!Array.isArray(unready) || typeof interval !== 'number') return null
  return publishedReadiness({
    // It is for people; what the node could not acquire counts, whatever stands here.
    interval: Math.min(Math.max(0, interval), LONGEST_INTERVAL),
    unready: unready.slice(0, MOST_UNREADY).flatMap((raw: unknown) => {
      const { resource, message, since } = (raw ?? {}) as Record<string, unknown>
      return text(resource) === null ? [] : [{ resource: resource as string, message: text(message) ?? '', since: text(since) ?? '' }]
    }),
  })
}

export const sentenceOf = (readiness: Readiness | null): string =>
  (readiness?.unready ?? []).map(({ message, since }) => `${message.replace(/\.$/, '')} (since ${since}, checked every ${readiness?.interval} s)`).join('; ')
