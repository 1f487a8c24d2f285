#!/usr/bin/env node
/**
 * The process pvcapid: reads its configuration, listens, and ends in order on SIGTERM or SIGINT. Exits 78 for a configuration that cannot
 * be used, after naming every error in it. SIGHUP does not end it.
 */
import { randomBytes } from 'node:crypto'
import closeWithGrace from 'close-with-grace'
import { systemClock } from '../runtime/clock.ts'
import { readCommandLine } from '../runtime/command-line.ts'
import { reportProblems } from '../runtime/config-problem.ts'
import { DeadlineError, withDeadline } from '../runtime/deadline.ts'
import { createLogger, type Logger } from '../runtime/log.ts'
import { watchLoop } from '../runtime/loop-watch.ts'
import { packageVersion } from '../runtime/package-version.ts'
import { nativeConnector } from '../zookeeper/native.ts'
import { buildApp } from './app.ts'
import { loadApiConfig, type ApiConfig } from './config.ts'

/** Milliseconds that the first view is waited for before listening: with ZooKeeper at hand it is there in a fraction of that. */
const FIRST_VIEW = 1_000
/** Milliseconds for the whole shutdown: requests under way, the session's operations, and closing it. */
const SHUTDOWN = 12_000
/** sysexits(3) EX_UNAVAILABLE: the address cannot be listened on. */
const EXIT_UNAVAILABLE = 69

async function serve (config: ApiConfig, log: Logger): Promise<void> {
  const clock = systemClock
  const app = await buildApp({ config, clock, connector: nativeConnector(), log, random: Math.random, uuid: () => randomBytes(16).toString('hex') })
  // Reading the configuration again is a matter of a restart; the terminal's end is no reason to stop.
  const ending = new AbortController()
  process.on('SIGHUP', () => log.info('SIGHUP does nothing here; restart to read the configuration again'))
  closeWithGrace({ delay: SHUTDOWN, skip: ['SIGHUP'], logger: { error: (message: unknown) => log.error({ detail: String(message) }, 'the shutdown was cut short') } }, async ({ signal, err }) => {
    if (err !== undefined) log.fatal({ err }, 'a fault that nothing handles; shutting down')
    else log.info({ signal }, 'shutting down')
    ending.abort()
    await app.close()
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
    process.exit(EXIT_UNAVAILABLE)
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : config.listenPort
  log.info({ address: config.listenAddress, port, tls: config.tls !== undefined, authentication: config.tokens !== undefined, zookeeper: app.services.view.latest === null ? 'not reached yet' : 'connected', version: packageVersion() }, 'ready')
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
      else await serve(result.value, createLogger({ name: 'pvcapid', level: result.value.logLevel, clock: systemClock }))
      return
    }
    default: invocation satisfies never
  }
}

await main()
