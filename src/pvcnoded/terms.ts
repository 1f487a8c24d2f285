/** From the configuration to the terms that the coordinator machine works by, and to those that the node publishes. */
import type { CoordinatorSettings } from '../core/coordinator/coordinator-state.ts'
import { leaseTerms } from '../core/coordinator/lease.ts'
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

const seconds = (milliseconds: number) => `${Math.round(milliseconds) / 1000} s`

/**
 * What is to be said where the servers have granted another session time-out than the configuration was judged by: what of it does not hold with the granted one.
 * Null where they have granted what was asked for. Safety is not at stake: the lease follows the granted one, and `self_fence` ends what it does not leave the time to release.
 * @param negotiated milliseconds
 */
export function sessionTimeoutWarning (config: NodeConfig, negotiated: number): string | null {
  const { sessionTimeout: asked, resources, keepaliveInterval, fenceIntervals } = config
  if (negotiated === asked) return null
  const [bound, setting] = negotiated < asked ? ['most', 'maxSessionTimeout'] : ['least', 'minSessionTimeout']
  const said = [`The servers grant a session time-out of ${seconds(negotiated)}, the ${bound} that their ${setting} allows, instead of the ${seconds(asked)} of pvc.zookeeper.session_timeout.`]
  const releases = sum(resources.map(({ releaseTimeout }) => releaseTimeout))
  const { releases: budget } = leaseTerms(negotiated)
  if (releases > budget) said.push(`All release_timeouts together (${seconds(releases)}) do not fit in what the lease then leaves for them (${seconds(budget)}): a node that is cut off may still be releasing when its session has ended.`)
  const window = keepaliveInterval * fenceIntervals
  if (window <= negotiated) said.push(`keepalive_interval × fence_intervals (${seconds(window)}) is not more than that: PVC's daemons may judge this node dead while its session lives.`)
  return `${said.join(' ')} Set pvc.zookeeper.session_timeout to what the servers grant, or change ${setting} (or tickTime) of every server.`
}
