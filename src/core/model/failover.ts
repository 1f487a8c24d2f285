/** The words of what a cluster does about a dead primary. */

/**
 * What a coordinator does about a dead primary: fences it first, counts it as having released once its lease must have ended, or waits for an
 * operator.
 */
export const failovers = ['fenced', 'unfenced', 'manual'] as const
export type Failover = typeof failovers[number]

export const failoverOf = (word: unknown): Failover | null => failovers.find((known) => known === word) ?? null
