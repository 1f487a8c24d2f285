/**
 * Loads pvcnoded's configuration file.
 *
 * Guarantees: a configuration that loads is complete and consistent, so that the state machine's timing assumptions hold
 * for the session time-out asked for; once the negotiated one is known, `leaseTerms` of the core gives what really holds.
 */
import { ensembleOf, milliseconds } from '../../runtime/config/config-common.ts'
import { loadConfig, type ConfigResult } from '../../runtime/config/yaml-config.ts'
import type { FencingConfig, NodeConfig, ResourceConfig } from './node-config.ts'
import { nodeRelations } from './rules.ts'
import { nodeConfigSchema, type NodeConfigFile } from './schema.ts'

/** Loads and checks pvcnoded's configuration file; never throws for what the file holds. */
export function loadNodeConfig (file: string): ConfigResult<NodeConfig> {
  const result = loadConfig(file, nodeConfigSchema, nodeRelations)
  return result.ok ? { ...result, value: typed(result.value) } : result
}

function typed ({ pvc }: NodeConfigFile): NodeConfig {
  const { coordinator, system } = pvc
  return {
    node: pvc.node,
    mode: pvc.mode,
    ...ensembleOf(pvc),
    apiAddress: pvc.api_address,
    sessionTimeout: milliseconds(pvc.zookeeper.session_timeout),
    lockTimeout: milliseconds(coordinator.lock_timeout),
    transitionDelay: milliseconds(coordinator.transition_delay),
    settleTime: milliseconds(coordinator.settle_time),
    takeoverStart: milliseconds(coordinator.takeover_start),
    reclaimDelay: milliseconds(coordinator.reclaim_delay),
    takeoverGrace: coordinator.takeover_grace === undefined ? undefined : milliseconds(coordinator.takeover_grace),
    handoverTimeout: milliseconds(coordinator.handover_timeout),
    resources: coordinator.resources.map(typedResource),
    candidate: { priority: pvc.candidate.priority, minHealth: pvc.candidate.min_health },
    keepaliveInterval: milliseconds(system.intervals.keepalive_interval),
    fenceIntervals: system.intervals.fence_intervals,
    collectors: system.collectors.map(({ name, command, timeout }) => ({ name, command, timeout: milliseconds(timeout) })),
    fencing: typedFencing(system.fencing),
    ipmi: system.fencing.ipmi,
    unfencedFailover: system.fencing.unfenced_failover,
    domains: { flush: system.domains.flush, unflush: system.domains.unflush, timeout: milliseconds(system.domains.timeout) },
    selfFence: system.self_fence,
    runDirectory: system.run_directory,
    logLevel: pvc.log_level,
  }
}

type ResourceEntry = NodeConfigFile['pvc']['coordinator']['resources'][number]

function typedResource (entry: ResourceEntry, index: number, all: readonly ResourceEntry[]): ResourceConfig {
  const common = {
    name: entry.name,
    acquireTimeout: milliseconds(entry.acquire_timeout),
    releaseTimeout: milliseconds(entry.release_timeout),
    retries: entry.retries,
    checkInterval: milliseconds(entry.check_interval),
  }
  switch (entry.type) {
    case 'command': return { type: entry.type, acquire: entry.acquire, release: entry.release, check: entry.check, ready: entry.ready, ...common }
    case 'systemd-unit': return { type: entry.type, unit: entry.unit, earlierUnits: all.slice(0, index).flatMap((other) => other.type === 'systemd-unit' ? [other.unit] : []), ...common }
    case 'floating-ip': {
      const [address = '', prefix] = entry.address.split('/')
      return { type: entry.type, address, prefix: Number(prefix), device: entry.device, ...common }
    }
  }
}

function typedFencing ({ method, command = [], timeout: seconds, cipher_suite: cipherSuite, privilege, probe, recover, saving_throws: savingThrows, saving_interval: savingInterval }: NodeConfigFile['pvc']['system']['fencing']): FencingConfig {
  const throws = { savingThrows, savingInterval: milliseconds(savingInterval), recover }
  const timeout = milliseconds(seconds)
  switch (method) {
    case 'none': return { method, ...throws }
    case 'command': return { method, command, probe, timeout, ...throws }
    case 'ipmi': return { method, timeout, cipherSuite, privilege, ...throws }
  }
}
