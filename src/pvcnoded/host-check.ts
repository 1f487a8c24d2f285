/** What a node's configuration names and its machine does not have or cannot use: devices, programs, units, names. Nothing is changed by looking. */
import type { Clock } from '../runtime/clock.ts'
import type { CommandRunner } from '../runtime/process/command.ts'
import type { ConfigProblem } from '../runtime/config/config-problem.ts'
import type { Lookup } from '../runtime/process/name-lookup.ts'
import { clientProblems, hostProblem, unknownHost, unknownServers } from '../runtime/config/host-problems.ts'
import { obstacleTo } from '../runtime/process/program.ts'
import { claimedBy, directoryProblem, LOCKER } from '../runtime/process/sole-process.ts'
import { commandsOf } from './config/commands.ts'
import type { NodeConfig, ResourceConfig } from './config/node-config.ts'
import { clientFault } from '../zookeeper/client/native-client.ts'
import { hostAndPort } from './fencing/ipmi-agent.ts'
import type { AttemptTools } from './resources/attempt.ts'
import { createResource } from './resources/create.ts'
import { FloatingIp } from './resources/floating-ip.ts'

export interface HostCheckTools {
  readonly clock: Clock
  readonly commands: CommandRunner
  readonly lookup: Lookup
}

/** A warning each; an error for what would keep the daemon from starting. */
export async function hostProblems (file: string, config: NodeConfig, { clock, commands, lookup }: HostCheckTools): Promise<readonly ConfigProblem[]> {
  const directory = directoryProblem(config.runDirectory)
  const found = await Promise.all([
    clientProblems(file, clientFault()),
    lockerProblems(file),
    directory === null ? [] : [hostProblem(file, 'pvc.system.run_directory', directory, 'error')],
    unknownServers(file, config.servers.map(({ host }) => host), clock, lookup),
    config.ipmi === undefined ? [] : unknownHost(file, 'pvc.system.fencing.ipmi.host', hostAndPort(config.ipmi.host)[0], 'the management controller', { clock, lookup }),
    ...config.resources.map(async (entry, index) => {
      const result = await createResource(entry, config.node, { clock, commands }).attempt('ready', { epoch: null, daemonBeside: true, signal: new AbortController().signal })
      return result.kind === 'failed' ? [hostProblem(file, `pvc.coordinator.resources[${index}]`, result.failure.message)] : []
    }),
    // A daemon that runs may hold it.
    ...isDaemonBeside(file) ? [] : config.resources.map(async (entry, index) => await addressProblems(file, entry, index, { clock, commands })),
    programProblems(file, config),
  ])
  return found.flat()
}

async function lockerProblems (file: string): Promise<readonly ConfigProblem[]> {
  const obstacle = await obstacleTo(LOCKER)
  return obstacle === null ? [] : [hostProblem(file, 'pvc.system.run_directory', `${LOCKER} (of util-linux) ${obstacle}; without it the lock file there cannot be locked, and the daemon does not start.`, 'error')]
}

/** A warning for each program that cannot be started, but for those of resources, which their readiness checks look for. */
export async function programProblems (file: string, config: NodeConfig): Promise<readonly ConfigProblem[]> {
  const found = await Promise.all(programsOf(config).map(async ([path, program]) => ({ path, program, obstacle: await obstacleTo(program) })))
  return found.flatMap(({ path, program, obstacle }) => obstacle === null ? [] : [hostProblem(file, path, `${program} ${obstacle}.`)])
}

/** Another user's daemon is seen by root alone. */
const isDaemonBeside = (file: string): boolean => process.getuid?.() !== 0 || claimedBy('pvcnoded', file) !== null

/** An address that this machine has and no daemon holds: left over, or the machine's own. */
async function addressProblems (file: string, entry: ResourceConfig, index: number, tools: AttemptTools): Promise<readonly ConfigProblem[]> {
  if (entry.type !== 'floating-ip') return []
  const present = await new FloatingIp(entry, tools).present(new AbortController().signal)
  return present.map(({ device, cidr }) => hostProblem(file, `pvc.coordinator.resources[${index}].address`, `${device} has ${cidr} now, although no pvcnoded runs with this file. The start of pvcnoded, and each release, would remove it from ${device}: if it is this machine's own address, put in another one; if it is left over, nothing is to be done.`))
}

/** Every program that is run but for those of resources, by the setting that names it. */
function programsOf (config: NodeConfig): ReadonlyArray<readonly [path: string, program: string]> {
  const settings = [
    ...commandsOf(config).filter(({ ofResource }) => !ofResource),
    ...config.fencing.method === 'ipmi' ? [{ path: 'pvc.system.fencing.method', argv: ['ipmitool'] }] : [],
  ]
  return settings.flatMap(({ path, argv }) => argv[0] === undefined ? [] : [[path, argv[0]] as const])
}
