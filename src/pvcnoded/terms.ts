/** From the configuration to the terms that the coordinator machine works by, and to those that the node publishes. */
import type { CoordinatorSettings } from '../core/coordinator/coordinator-state.ts'
import type { Failover } from '../core/model/failover.ts'
import type { NodeConfig } from './config/node-config.ts'

export const settingsOf = (config: NodeConfig): CoordinatorSettings => ({
  self: config.node,
  mode: config.mode,
  resources: config.resources.map((resource) => resource.name),
  handover: handoverOrder(config.resources).map((resource) => resource.name),
  delays: {
    transitionDelay: config.transitionDelay,
    takeoverStart: config.takeoverStart,
    reclaimDelay: config.reclaimDelay,
    settleTime: config.settleTime,
    handoverTimeout: config.handoverTimeout,
  },
  backoff: { first: 5_000, most: 300_000 },
})

/**
 * In reverse, because a later resource may need an earlier one. Floating addresses beside one another need nothing of each other: they are released in the
 * order in which the taker acquires them, so that it has the first while the next is released, and clients wait for each no longer than for one.
 */
export function handoverOrder<Entry extends { readonly type: string }> (resources: readonly Entry[]): readonly Entry[] {
  const groups: Entry[][] = []
  for (const resource of resources) {
    const group = groups.at(-1)
    if (resource.type === 'floating-ip' && group?.at(-1)?.type === 'floating-ip') group.push(resource)
    else groups.push([resource])
  }
  return groups.toReversed().flat()
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Seconds. */
export const takeoverTime = (config: NodeConfig) => Math.ceil((config.transitionDelay + config.settleTime +
  sum(config.resources.map((resource) => resource.acquireTimeout * (1 + resource.retries)))) / 1000)

/** Seconds. */
export const relinquishTime = (config: NodeConfig) => Math.ceil((config.transitionDelay + config.settleTime +
  sum(config.resources.map((resource) => resource.releaseTimeout * (1 + resource.retries)))) / 1000)

export const failover = ({ fencing, unfencedFailover }: NodeConfig): Failover => fencing.method !== 'none' ? 'fenced' : unfencedFailover ? 'unfenced' : 'manual'
