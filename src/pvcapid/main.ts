#!/usr/bin/env node
/**
 * The process pvcapid: reads its configuration, listens, and ends in order on SIGTERM or SIGINT. Exits 78 for a configuration that cannot
 * be used, after naming every error in it. SIGHUP has it read the file again: keys, certificate and log level are taken over, unless the file
 * cannot be used; then everything stays as it is.
 */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../runtime/clock.ts'
import { readCommandLine } from '../runtime/command-line.ts'
import { problemText, reportProblems } from '../runtime/config-problem.ts'
import { DeadlineError, withDeadline } from '../runtime/deadline.ts'
import { exitStatus } from '../runtime/exit-status.ts'
import { createLogger, stdoutDestination, type Logger } from '../runtime/log.ts'
import { watchLoop } from '../runtime/loop-watch.ts'
import { packageVersion } from '../runtime/package-version.ts'
import { nativeConnector } from '../zookeeper/native.ts'
import { buildApp } from './app.ts'
import { loadApiConfig, type ApiConfig } from './config.ts'

/** Milliseconds that the first view is waited for before listening: with ZooKeeper at hand it is there in a fraction of that. */
const FIRST_VIEW = 1_000
/** Milliseconds that requests under way are given at the end. */
const IN_FLIGHT = 6_000
/** Milliseconds for the whole shutdown: requests under way, the session's operations, and closing it. */
const SHUTDOWN = 12_000

async function serve (file: string, config: ApiConfig): Promise<void> {
  const clock = systemClock
  const destination = stdoutDestination('pvcapid', clock, process.env)
  const log = createLogger({ name: 'pvcapid', level: config.logLevel, clock, destination })
  const app = await buildApp({ config, clock, connector: nativeConnector(), log, logLinesDropped: () => destination.dropped, random: Math.random, uuid: () => randomBytes(16).toString('hex') })
  const ending = new AbortController()
  process.on('SIGHUP', () => reload(app, file, config, log))
  closeWithGrace({ delay: SHUTDOWN, skip: ['SIGHUP'], logger: { error: (message: unknown) => log.error({ detail: String(message) }, 'the shutdown was cut short') } }, async ({ signal, err }) => {
    if (err !== undefined) log.fatal({ err }, 'a fault that nothing handles; shutting down')
    else log.info({ signal }, 'shutting down')
    ending.abort()
    const impatience = clock.after(IN_FLIGHT, () => app.server.closeAllConnections())
    await app.close()
    impatience[Symbol.dispose]()
    log.info('stopped')
  })
  watchLoop({
    clock,
    threshold: config.sessionTimeout / 10,
    onStall: (late) => log.warn({ stalled: late / 1000 }, 'the event loop stood still; a stall as long as the session time-out costs the session'),
  })
  log.info({ version: packageVersion() }, 'starting')
  try {
    await withDeadline(clock, FIRST_VIEW, ending.signal, async () => await app.services.view.ready)
  } catch (error) {
    if (!(error instanceof DeadlineError) && !ending.signal.aborted) throw error
  }
  if (ending.signal.aborted) return
  try {
    await app.listen({ host: config.listenAddress, port: config.listenPort })
  } catch (error) {
    log.fatal({ err: error, address: config.listenAddress, port: config.listenPort }, 'cannot listen on this address')
    await app.close()
    process.exit(exitStatus('unavailable'))
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : config.listenPort
  log.info({ address: config.listenAddress, port, tls: config.tls !== undefined, authentication: config.tokens !== undefined, zookeeper: app.services.view.latest === null ? 'not reached yet' : 'connected', version: packageVersion() }, 'ready')
}

/** What only a restart takes over. */
const fixed = ['node', 'servers', 'sessionTimeout', 'listenAddress', 'listenPort', 'limits', 'trustedProxies'] as const satisfies ReadonlyArray<keyof ApiConfig>

function reload (app: FastifyInstance, file: string, running: ApiConfig, log: Logger): void {
  const result = loadApiConfig(file)
  const problems = result.problems.map((problem) => problemText(problem))
  if (!result.ok) {
    log.error({ problems }, 'the configuration cannot be used; everything stays as it is')
    return
  }
  const next = result.value
  const restart = [...fixed.filter((name) => !isDeepStrictEqual(next[name], running[name])), ...(next.tls === undefined) === (running.tls === undefined) ? [] : ['tls']]
  try {
    app.reload(next)
  } catch (err) {
    log.error({ err }, 'the certificate cannot be used; everything stays as it is')
    return
  }
  log.info({ keys: next.tokens?.length ?? null, problems }, 'the configuration was read again: keys, certificate and log level')
  if (restart.length > 0) log.warn({ settings: restart }, 'these settings have changed too, and wait for a restart')
}

async function main (): Promise<void> {
  const invocation = readCommandLine('pvcapid', process.argv.slice(2), process.env)
  switch (invocation.kind) {
    case 'help': process.stdout.write(invocation.text); return
    case 'version': process.stdout.write(`${packageVersion()}\n`); return
    case 'usage_error':
      process.stderr.write(`${invocation.message}\n`)
      process.exitCode = invocation.exitCode
      return
    case 'check':
    case 'run': {
      const result = loadApiConfig(invocation.file)
      process.exitCode = reportProblems(result.problems, (text) => process.stderr.write(text))
      if (!result.ok) return
      if (invocation.kind === 'check') process.stdout.write(`${invocation.file} is good\n`)
      else await serve(invocation.file, result.value)
      return
    }
    default: invocation satisfies never
  }
}

await main()
