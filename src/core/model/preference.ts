/**
 * What a node prefers of its part in the primary role, as it publishes it with its presence. A preference decides who goes first, and who does not go by
 * itself. No safety rests on it: a request may override it, and a node that does not say has the defaults.
 */

/** Each preference, as a request that overrides it names it. */
export const preferences = ['health', 'priority', 'resources'] as const
export type PreferenceName = typeof preferences[number]

/** Those in a list, each once and in the order of `preferences`; null where there is none. A word of another version is ignored. */
export function preferencesIn (list: unknown): readonly PreferenceName[] | null {
  const found = Array.isArray(list) ? preferences.filter((name) => list.includes(name)) : []
  return found.length === 0 ? null : found
}

export interface Preference {
  /** 0 to 100: of those that may contend, the highest goes first. 0: it never contends by itself. */
  readonly priority: number
  /** Percent of health below which it neither contends nor is eligible. */
  readonly minHealth: number
  /** Its own health in percent, as it counts (`countedHealth`); null while that is not known, or does not matter. */
  readonly health: number | null
}

export const DEFAULT_PRIORITY = 50
export const DEFAULT_MIN_HEALTH = 0
export const defaultPreference: Preference = { priority: DEFAULT_PRIORITY, minHealth: DEFAULT_MIN_HEALTH, health: null }

export interface PublishedPreference {
  readonly priority: number
  readonly min_health: number
  readonly health: number | null
}

/** What a presence publishes of it; undefined for the defaults, with which a presence reads as that of a node that knows no preferences. */
export const publishedPreference = ({ priority, minHealth, health }: Preference): PublishedPreference | undefined =>
  priority === DEFAULT_PRIORITY && minHealth === DEFAULT_MIN_HEALTH ? undefined : { priority, min_health: minHealth, health: minHealth === DEFAULT_MIN_HEALTH ? null : health }

const isPercent = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100

/** Each part that is not there, or is no whole number from 0 to 100, is its default. */
export function parsePreference (value: unknown): Preference {
  const { priority, min_health: minHealth, health } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return {
    priority: isPercent(priority) ? priority : DEFAULT_PRIORITY,
    minHealth: isPercent(minHealth) ? minHealth : DEFAULT_MIN_HEALTH,
    health: isPercent(health) ? health : null,
  }
}

/**
 * Those of its preferences that keep a node from contending by itself. A health that is not known keeps no node from it. What it lacks of `resources` depends on
 * its peers: see `lacking.ts`.
 */
export const unwillingness = ({ priority, minHealth, health }: Preference): ReadonlyArray<'health' | 'priority'> =>
  [...health !== null && health < minHealth ? ['health' as const] : [], ...priority === 0 ? ['priority' as const] : []]

/** Keepalive intervals for which a health has to have been at or above `min_health` until it counts as that again. */
const RECOVERY_INTERVALS = 3

/** What a node has found of its own health, by its own monotonic clock in milliseconds. */
export interface HealthCourse {
  /** In percent; null while that is not known. */
  readonly found: number | null
  /** The last that was below its `min_health`, until that is forgotten. */
  readonly low: { readonly health: number, readonly at: number } | null
}

export const healthFound = ({ low }: HealthCourse, found: number | null, minHealth: number, now: number): HealthCourse =>
  ({ found, low: found !== null && found < minHealth ? { health: found, at: now } : low })

/**
 * The course after a time in which no node served as primary: a health that is high enough now counts at once. A failover waits for no recovery.
 */
export const withoutRecovery = (course: HealthCourse, minHealth: number): HealthCourse =>
  course.found !== null && course.found < minHealth ? course : { ...course, low: null }

/**
 * The health that the node publishes: what it has found, or for as long as it has not recovered the last that was below `min_health`. So a health that wavers around
 * it makes the node neither eligible nor willing at every other keepalive. All that decide on it read this alone.
 * @param interval of its keepalive, in milliseconds
 */
export const countedHealth = ({ found, low }: HealthCourse, interval: number, now: number): number | null =>
  low === null || now - low.at >= RECOVERY_INTERVALS * interval ? found : low.health
