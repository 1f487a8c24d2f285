/** From the configuration to collectors: those that every node has, and its commands. */
import type { Clock } from '../../runtime/clock.ts'
import type { CommandRunner } from '../../runtime/process/command.ts'
import type { StaticData } from '../static-data.ts'
import type { Collector } from './collector.ts'
import { commandCollector, type CommandCollectorConfig } from './command-collector.ts'
import { cpuCountCollector } from './cpu-count.ts'
import { loadCollector } from './load.ts'
import { memoryCollector } from './memory.ts'
import { networkCollector } from './network.ts'

/** Names that a command may not take. */
export const builtInCollectors = ['memory', 'load', 'cpus', 'network'] as const

/** Milliseconds that reading the kernel's own figures may take. */
const KERNEL_TIMEOUT = 2_000

export function createCollectors (configured: readonly CommandCollectorConfig[], node: string, facts: StaticData, clock: Clock, commands: CommandRunner): readonly Collector[] {
  return [
    memoryCollector(KERNEL_TIMEOUT),
    loadCollector(KERNEL_TIMEOUT),
    cpuCountCollector(KERNEL_TIMEOUT, facts),
    networkCollector(KERNEL_TIMEOUT, clock),
    ...configured.map((config) => commandCollector(config, node, commands)),
  ]
}
