/** The configuration of a simulated node: PVC's delays, and what the stage of the run decides. */
import { DEFAULT_MIN_HEALTH, DEFAULT_PRIORITY } from '../../src/core/model/preference.ts'
import type { NodeConfig } from '../../src/pvcnoded/config/node-config.ts'
import { WEAR } from './collectors.ts'
import { KEEPALIVE_INTERVAL, TRANSITION_DELAY, type Stage } from './faults.ts'
import { SELF_FENCE } from './machine.ts'

const NO_PREFERENCE: NodeConfig['candidate'] = { priority: DEFAULT_PRIORITY, minHealth: DEFAULT_MIN_HEALTH }

export const resourcesOf = (node: string, stage: Stage): readonly string[] => stage.configured[node] ?? stage.resources

export const configOf = (node: string, stage: Stage): NodeConfig => ({
  node,
  mode: 'coordinator',
  servers: [{ host: 'zookeeper', port: 2181 }],
  apiAddress: undefined,
  sessionTimeout: stage.sessionTimeout,
  lockTimeout: 400,
  transitionDelay: TRANSITION_DELAY,
  settleTime: 2_000,
  takeoverStart: 5_000,
  reclaimDelay: 5_000,
  takeoverGrace: stage.takeoverGrace,
  handoverTimeout: 20_000,
  resources: resourcesOf(node, stage).map((name) => ({
    type: 'command', name, acquire: ['acquire'], release: ['release'], check: undefined, ready: ['ready'], acquireTimeout: 5_000, releaseTimeout: stage.releaseTimeout, retries: stage.fencing === 'unfenced' ? 0 : 1, checkInterval: 10_000,
  })),
  candidate: stage.candidates[node] ?? NO_PREFERENCE,
  keepaliveInterval: KEEPALIVE_INTERVAL,
  collectors: (stage.candidates[node]?.minHealth ?? 0) > 0 ? [{ name: WEAR, command: [], timeout: 2_000 }] : [],
  fenceIntervals: 6,
  fencing: stage.fencing === 'command'
    ? { method: 'command', command: ['fence', '{node}'], timeout: 5_000, savingThrows: 3, savingInterval: 1_000 }
    : { method: 'none', savingThrows: 3, savingInterval: 1_000 },
  ipmi: undefined,
  unfencedFailover: stage.fencing === 'unfenced',
  domains: { flush: undefined, unflush: undefined, timeout: 1_000 },
  selfFence: stage.fencing === 'unfenced' ? [SELF_FENCE] : undefined,
  runDirectory: '/run/pvc',
  logLevel: 'info',
})
