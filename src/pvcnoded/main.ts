#!/usr/bin/env node
/** The process: arguments, configuration, signals, exit codes. Everything else is in `daemon.ts`. */
import { randomUUID } from 'node:crypto'
import os from 'node:os'
import { systemClock } from '../runtime/clock.ts'
import { createCommandRunner } from '../runtime/command.ts'
import { readCommandLine } from '../runtime/command-line.ts'
import { exitConfig, reportProblems } from '../runtime/config-problem.ts'
import { createLogger } from '../runtime/log.ts'
import { watchLoop } from '../runtime/loop-watch.ts'
import { packageVersion } from '../runtime/package-version.ts'
import { nativeConnector } from '../zookeeper/native.ts'
import { createCollectors } from './collectors/create.ts'
import { loadNodeConfig } from './config.ts'
import { NodeDaemon } from './daemon.ts'
import { NodeNameInUseError } from './presence.ts'

const invocation = readCommandLine('pvcnoded', process.argv.slice(2), process.env)
switch (invocation.kind) {
  case 'version': console.log(packageVersion()); break
  case 'help': process.stdout.write(invocation.text); break
  case 'usage_error':
    console.error(invocation.message)
    process.exitCode = invocation.exitCode
    break
  case 'check':
  case 'run': await configured(invocation.file, invocation.kind === 'check')
}

async function configured (file: string, checkOnly: boolean): Promise<void> {
  const loaded = loadNodeConfig(file)
  process.exitCode = reportProblems(loaded.problems, (text) => { process.stderr.write(text) })
  if (!loaded.ok) return
  if (checkOnly) console.log(`${file}: good`)
  else await runDaemon(loaded.value)
}

async function runDaemon (config: Extract<ReturnType<typeof loadNodeConfig>, { ok: true }>['value']): Promise<void> {
  const log = createLogger({ name: 'pvcnoded', level: config.logLevel, clock: systemClock }).child({ node: config.node })
  const commands = createCommandRunner(systemClock)
  const facts = { cpus: os.cpus().length, kernel: os.release(), os: 'GNU/Linux', arch: os.machine() }
  const daemon = new NodeDaemon({
    config,
    connector: nativeConnector(),
    clock: systemClock,
    commands,
    log,
    uuid: () => randomUUID().replaceAll('-', ''),
    random: Math.random,
    facts,
    collectors: createCollectors(config.collectors, config.node, facts, systemClock, commands),
    version: packageVersion(),
  })
  watchLoop({
    clock: systemClock,
    threshold: config.sessionTimeout / 10,
    onStall: (late) => log.warn({ stalled: late / 1000 }, 'the event loop stood still; a stall as long as the session time-out costs the session'),
  })
  let signals = 0
  const onSignal = (signal: NodeJS.Signals) => {
    signals++
    if (signals === 1) return daemon.shutdown()
    log.fatal({ signal, held: daemon.held }, 'second signal: leaving at once, without handing over and without a final keepalive')
    process.exit(1)
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  // A terminal that goes away is no reason to give the primary role up.
  process.on('SIGHUP', () => log.info('SIGHUP: nothing to reload'))
  log.info({ mode: config.mode, resources: config.resources.length }, `pvcnoded ${packageVersion()} starting`)
  if (config.mode === 'coordinator' && !config.unfencedFailover) log.warn('fencing method none: if the primary dies, failover is manual')
  try {
    await daemon.run()
    log.info('stopped')
    process.exit(0)
  } catch (error) {
    if (!(error instanceof NodeNameInUseError)) throw error
    log.fatal({ code: error.code }, error.message)
    process.exit(exitConfig)
  }
}
