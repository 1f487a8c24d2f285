/** From the configuration to the terms that the coordinator machine works by, and to those that the node publishes. */
import type { CoordinatorSettings } from '../core/coordinator-state.ts'
import type { Failover } from '../core/fencing-report.ts'
import type { NodeConfig } from './config.ts'

export const settingsOf = (config: NodeConfig): CoordinatorSettings => ({
  self: config.node,
  mode: config.mode,
  resources: config.resources.map((resource) => resource.name),
  delays: {
    transitionDelay: config.transitionDelay,
    takeoverStart: config.takeoverStart,
    reclaimDelay: config.reclaimDelay,
    settleTime: config.settleTime,
    handoverTimeout: config.handoverTimeout,
  },
  standBack: { first: 5_000, most: 300_000 },
})

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Seconds. */
export const takeoverTime = (config: NodeConfig) => Math.ceil((config.transitionDelay + config.settleTime +
  sum(config.resources.map((resource) => resource.acquireTimeout * (1 + resource.retries)))) / 1000)

/** Seconds. */
export const relinquishTime = (config: NodeConfig) => Math.ceil((config.transitionDelay + config.settleTime +
  sum(config.resources.map((resource) => resource.releaseTimeout * (1 + resource.retries)))) / 1000)

export const failover = ({ fencing, unfencedFailover }: NodeConfig): Failover => fencing.method !== 'none' ? 'fenced' : unfencedFailover ? 'unfenced' : 'manual'
