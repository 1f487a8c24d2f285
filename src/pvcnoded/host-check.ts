/** What a node's configuration names and its machine does not have or cannot use: devices, programs, units, names. Nothing is changed by looking. */
import type { Clock } from '../runtime/clock.ts'
import type { CommandRunner } from '../runtime/process/command.ts'
import type { ConfigProblem } from '../runtime/config/config-problem.ts'
import { hostProblem, unknownServers } from '../runtime/config/host-problems.ts'
import { obstacleTo } from '../runtime/process/program.ts'
import { directoryProblem } from '../runtime/process/sole-process.ts'
import { commandsOf } from './config/commands.ts'
import type { NodeConfig } from './config/node-config.ts'
import { createResource } from './resources/create.ts'

export interface HostCheckTools {
  readonly clock: Clock
  readonly commands: CommandRunner
  readonly lookup: (host: string) => Promise<readonly string[]>
}

/** A warning each; an error for what would keep the daemon from starting. */
export async function hostProblems (file: string, config: NodeConfig, { clock, commands, lookup }: HostCheckTools): Promise<readonly ConfigProblem[]> {
  const directory = directoryProblem(config.runDirectory)
  const found = await Promise.all([
    directory === null ? [] : [hostProblem(file, 'pvc.system.run_directory', directory, 'error')],
    unknownServers(file, config.servers.map(({ host }) => host), clock, lookup),
    ...config.resources.map(async (entry, index) => {
      const result = await createResource(entry, config.node, { clock, commands }).attempt('ready', { epoch: null, daemonBeside: true, signal: new AbortController().signal })
      return result.kind === 'failed' ? [hostProblem(file, `pvc.coordinator.resources[${index}]`, result.failure.message)] : []
    }),
    ...programsOf(config).map(async ([path, program]) => {
      const obstacle = await obstacleTo(program)
      return obstacle === null ? [] : [hostProblem(file, path, `${program} ${obstacle}.`)]
    }),
  ])
  return found.flat()
}

/** Every program that is run, by the setting that names it; those of resources are looked for by their readiness check. */
function programsOf (config: NodeConfig): ReadonlyArray<readonly [path: string, program: string]> {
  const settings = [
    ...commandsOf(config).filter(({ ofResource }) => !ofResource),
    ...config.fencing.method === 'ipmi' ? [{ path: 'pvc.system.fencing.method', argv: ['ipmitool'] }] : [],
  ]
  return settings.flatMap(({ path, argv }) => argv[0] === undefined ? [] : [[path, argv[0]] as const])
}
