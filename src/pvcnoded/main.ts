#!/usr/bin/env node
/** The process: arguments, configuration, signals, exit codes. Everything else is in `daemon.ts`. */
import '../runtime/process/tick-shape.ts' // first: before any garbage is collected
import { randomUUID } from 'node:crypto'
import os from 'node:os'
import { systemClock } from '../runtime/clock.ts'
import { createCommandRunner } from '../runtime/process/command.ts'
import { readCommandLine } from '../runtime/config/command-line.ts'
import { reportProblems, verdict } from '../runtime/config/config-problem.ts'
import { exposureProblems } from '../runtime/config/exposure.ts'
import { exitStatus } from '../runtime/config/exit-status.ts'
import { createLogger, stdoutDestination, type Logger } from '../runtime/log/log.ts'
import { plainOutput } from '../runtime/log/plain-output.ts'
import { LogTail } from '../runtime/log/log-tail.ts'
import { watchLoop } from '../runtime/loop-watch.ts'
import { hostLookup } from '../runtime/process/name-lookup.ts'
import { packageVersion } from '../runtime/process/package-version.ts'
import { ServiceManager } from '../runtime/process/service-manager.ts'
import { claimedBy, claimSole, holderNote, SoleProcessError, type SoleClaim } from '../runtime/process/sole-process.ts'
import { watchClaim } from '../runtime/process/sole-watch.ts'
import { diagnose } from '../zookeeper/client/diagnosis.ts'
import { clientFault } from '../zookeeper/client/native-client.ts'
import { nativeConnector } from '../zookeeper/client/native.ts'
import { unresolved } from '../runtime/process/unresolved.ts'
import { createCollectors } from './collectors/create.ts'
import { Journal } from './reports/journal.ts'
import { nodeConfigSchema } from './config/schema.ts'
import type { NodeConfig } from './config/node-config.ts'
import { loadNodeConfig } from './config/config.ts'
import { NodeDaemon } from './daemon/daemon.ts'
import { endings, type EndingCode } from './endings.ts'
import { hostProblems, programProblems } from './host-check.ts'
import { NodeNameInUseError } from './daemon/presence.ts'
import { SchemaTooNewError } from './registration/registration.ts'
import { releaseEverything } from './release.ts'

const { say, complain } = plainOutput('pvcnoded', exitStatus('output'), systemClock)
process.exit(await main())

/** Resolves with the exit status. */
async function main (): Promise<number> {
  const invocation = readCommandLine('pvcnoded', process.argv.slice(2), process.env)
  switch (invocation.kind) {
    case 'version':
      say(`${packageVersion()}\n`)
      return 0
    case 'help':
      say(invocation.text)
      return 0
    case 'usage_error':
      complain(`${invocation.message}\n`)
      return invocation.exitCode
    case 'check':
    case 'release':
    case 'run': return await configured(invocation.file, invocation.kind, invocation.kind === 'check' && invocation.strict === true)
  }
}

async function configured (file: string, wanted: 'check' | 'release' | 'run', isStrict: boolean): Promise<number> {
  const loaded = loadNodeConfig(file)
  const exposed = exposureProblems(file, nodeConfigSchema)
  const onHost = loaded.ok && wanted === 'check' ? (await hostProblems(file, loaded.value, { clock: systemClock, commands: createCommandRunner(systemClock), lookup: hostLookup })).map(loaded.placed) : []
  const problems = [...loaded.problems, ...wanted === 'check' ? exposed : [], ...onHost]
  const status = reportProblems(problems, complain, isStrict)
  if (wanted === 'check') {
    const tell = status === 0 ? say : complain
    tell(`${verdict(file, problems, isStrict)}\n`)
    return status
  }
  if (!loaded.ok) return status
  const config = loaded.value
  const logTail = new LogTail()
  const log = createLogger({ name: 'pvcnoded', level: config.logLevel, clock: systemClock, destination: stdoutDestination('pvcnoded', systemClock, process.env), tail: logTail, fields: { node: config.node, ...config.chroot === undefined ? {} : { cluster: config.chroot } } })
  for (const { code, message } of exposed) log.warn({ code }, message)
  process.on('uncaughtExceptionMonitor', (err) => log.fatal({ ...ending('unexpected_error'), err }, 'an unexpected error ends this process'))
  const sole = claim(file, config, wanted, log)
  if (wanted === 'run' && sole !== null) watchClaim(sole, systemClock, log)
  if (wanted === 'run') {
    const fault = clientFault()
    if (fault === null) {
      // Some are needed in an emergency alone, as `self_fence`. A file system that hangs keeps nothing from starting.
      void programProblems(file, config).then((missing) => { for (const { code, path, message } of missing) log.warn({ code, setting: path }, `${path}: ${message}`) })
      return await runDaemon(config, log, logTail)
    }
    log.fatal(ending(fault.code), `pvcnoded cannot use ZooKeeper: ${fault.message}`)
    return exitStatus('configuration')
  }
  return await releaseEverything(config, { clock: systemClock, commands: createCommandRunner(systemClock), log }) ? exitStatus('ended') : exitStatus('failed')
}

/**
 * Claims to be the only process with this configuration, for as long as it lives. Ends the process if another one is; null if that cannot be known
 * and it releases all the same.
 */
function claim (file: string, config: NodeConfig, wanted: 'release' | 'run', log: Logger): SoleClaim | null {
  try {
    const sole = claimSole('pvcnoded', file, config.runDirectory, noteOf(file, config, wanted))
    if (sole !== null) return sole
  } catch (error) {
    if (!(error instanceof SoleProcessError)) throw error
    // What a daemon has left behind must not stay held because of a lock file.
    if (wanted === 'release' && claimedBy('pvcnoded', file) === null) {
      log.error({ config: file }, `${error.message} Releasing all the same: no pvcnoded that this process can see runs with this configuration.`)
      return null
    }
    if (wanted === 'run') {
      log.fatal({ ...ending(error.code), config: file }, error.message)
      process.exit(exitStatus('configuration'))
    }
  }
  const holder = holderNote('pvcnoded', file, config.runDirectory)
  log.fatal({ ...ending('daemon_running'), config: file, holder }, `another pvcnoded runs with this configuration${holder === null ? '' : ` (${holder})`}; ${wanted === 'release' ? 'nothing is released under its feet' : 'stop that one first'}`)
  process.exit(exitStatus('running'))
}

/** Two clusters have two files, unless two containers have the same path and the same run-time directory: then this tells them apart. */
function noteOf (file: string, { node, chroot }: NodeConfig, wanted: 'release' | 'run'): string {
  return `pvcnoded${wanted === 'release' ? ' --release' : ''} of node ${node}${chroot === undefined ? '' : ` in ${chroot}`}, process ${process.pid}, ${file}`
}

async function runDaemon (config: NodeConfig, log: Logger, logTail: LogTail): Promise<number> {
  const commands = createCommandRunner(systemClock)
  const facts = { cpus: os.cpus().length, kernel: os.release(), os: 'GNU/Linux', arch: os.machine() }
  const serviceManager = new ServiceManager({ clock: systemClock, commands, log, env: notifyEnvironment(), pid: process.pid, sound: () => daemon.sound })
  const daemon: NodeDaemon = new NodeDaemon({
    config,
    connector: nativeConnector({ onProblem: unresolved(log) }),
    diagnose: async (servers) => await diagnose(servers, systemClock, hostLookup, config.sessionTimeout),
    clock: systemClock,
    commands,
    log,
    uuid: () => randomUUID().replaceAll('-', ''),
    random: Math.random,
    facts,
    collectors: createCollectors(config.collectors, config.node, facts, systemClock, commands),
    version: packageVersion(),
    logTail,
    journal: new Journal(systemClock),
    onRegistered: () => serviceManager.ready(),
    onStatus: (status) => serviceManager.status(status),
  })
  watchLoop({
    clock: systemClock,
    threshold: config.sessionTimeout / 10,
    onStall: (late) => log.warn({ stalled: late / 1000 }, 'the event loop stood still; a stall as long as the session time-out costs the session'),
  })
  let signals = 0
  const onSignal = (signal: NodeJS.Signals) => {
    signals++
    if (signals === 1) {
      serviceManager.stopping()
      return daemon.shutdown()
    }
    log.fatal({ signal, held: daemon.held }, 'second signal: leaving at once, without handing over and without a final keepalive')
    process.exit(1)
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  // Else Node opens its debugger, which can run anything in this process.
  process.on('SIGUSR1', () => log.warn('SIGUSR1 is ignored'))
  // A terminal that goes away is no reason to give the primary role up.
  process.on('SIGHUP', () => log.info('SIGHUP: nothing to reload'))
  log.info({ mode: config.mode, resources: config.resources.length }, `pvcnoded ${packageVersion()} starting`)
  if (config.mode === 'coordinator' && config.fencing.method === 'none' && !config.unfencedFailover) log.warn('fencing method none: if the primary dies, failover is manual')
  serviceManager.status('waiting for ZooKeeper')
  try {
    const end = await daemon.run()
    if (end === 'stopped') log.info('stopped')
    else if (end === 'not_registered') log.warn(ending(end), 'stopped before this run had registered the node')
    else if (end === 'resources_left') log.fatal({ ...ending(end), held: daemon.held }, `stopped, and could not release ${daemon.held.join(', ')}: no peer takes over what this node may hold`)
    else if (end === 'start_not_released') log.fatal({ ...ending(end), unreleased: daemon.unreleased }, `stopped, and the start could not release ${daemon.unreleased.join(', ')}: it is not known whether this node has it`)
    else log.fatal(ending(end), 'stopped, but ZooKeeper does not know: peers will find this node dead, and fence it if they can')
    return exitStatus(end === 'stop_not_written' || end === 'resources_left' || end === 'start_not_released' ? 'failed' : 'ended')
  } catch (error) {
    if (!(error instanceof NodeNameInUseError || error instanceof SchemaTooNewError)) throw error
    log.fatal(ending(error.code), error.message)
    return exitStatus('configuration')
  }
}

function ending (code: EndingCode): { code: EndingCode, advice: string } {
  return { code, advice: endings[code] }
}

/** What systemd tells this process alone: no command that it runs is to speak in its name. */
function notifyEnvironment (): Readonly<Record<string, string | undefined>> {
  const names = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']
  const found = Object.fromEntries(names.map((name) => [name, process.env[name]]))
  for (const name of names) delete process.env[name]
  return found
}
