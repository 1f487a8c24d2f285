#!/usr/bin/env node
/**
 * The process pvcapid: reads its configuration, listens, and ends in order on SIGTERM or SIGINT. Exits 78 for a configuration that cannot
 * be used, after naming every error in it. SIGHUP has it read the file again: keys, certificates and log level are taken over, unless the file
 * cannot be used or would leave the API weaker; then everything stays as it is.
 */
import '../runtime/process/tick-shape.ts' // first: before any garbage is collected
import '../runtime/process/heap-growth.ts' // and before the heap has grown
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { hostWithPort } from '../runtime/addresses.ts'
import { systemClock } from '../runtime/clock.ts'
import { readCommandLine } from '../runtime/config/command-line.ts'
import { problemText, reportProblems, verdict, type ConfigProblem } from '../runtime/config/config-problem.ts'
import { DeadlineError, withDeadline } from '../runtime/deadline.ts'
import { exposureProblems } from '../runtime/config/exposure.ts'
import { exitStatus } from '../runtime/config/exit-status.ts'
import { listenFailure } from '../runtime/config/host-problems.ts'
import { createLogger, stdoutDestination, type Logger } from '../runtime/log/log.ts'
import { plainOutput } from '../runtime/log/plain-output.ts'
import { watchLoop } from '../runtime/loop-watch.ts'
import { hostLookup } from '../runtime/process/name-lookup.ts'
import { packageVersion } from '../runtime/process/package-version.ts'
import { unresolved } from '../runtime/process/unresolved.ts'
import { diagnose } from '../zookeeper/client/diagnosis.ts'
import { clientFault } from '../zookeeper/client/native-client.ts'
import { nativeConnector } from '../zookeeper/client/native.ts'
import { buildApp } from './app.ts'
import { certificateProblems } from './http/certificate.ts'
import { apiConfigSchema } from './config/schema.ts'
import type { ApiConfig } from './config/api-config.ts'
import { loadApiConfig } from './config/config.ts'
import { hostProblems } from './host-check.ts'
import { AS_BEFORE, changes, configFile, inForce, weakenings, widened, type ConfigFile } from './reload-guard.ts'

/** Milliseconds that the first view is waited for before listening: with ZooKeeper at hand it is there in a fraction of that. */
const FIRST_VIEW = 1_000
/** Milliseconds that requests in progress are given at the end. */
const IN_FLIGHT = 6_000
/** Connections that the system keeps until they are taken; it has a bound of its own (net.core.somaxconn). Beyond it clients try again after a second. */
const BACKLOG = 4_096
/** Milliseconds for the whole shutdown: requests in progress, the session's operations, and closing it. */
const SHUTDOWN = 12_000

async function serve (file: string, started: ConfigFile): Promise<void> {
  const clock = systemClock
  const { config } = started
  const destination = stdoutDestination('pvcapid', clock, process.env)
  const log = createLogger({ name: 'pvcapid', level: config.logLevel, clock, destination, ...config.chroot === undefined ? {} : { fields: { cluster: config.chroot } } })
  const fault = clientFault()
  if (fault !== null) {
    log.fatal({ code: fault.code }, `pvcapid cannot use ZooKeeper: ${fault.message}`)
    process.exit(exitStatus('configuration'))
  }
  const app = await buildApp({ config, clock, connector: nativeConnector({ onProblem: unresolved(log) }), diagnose: async (servers) => await diagnose(servers, clock, hostLookup, config.sessionTimeout), log, logLinesDropped: () => destination.dropped, random: Math.random, uuid: () => randomBytes(16).toString('hex') })
  const ending = new AbortController()
  let running = started
  // Else Node opens its debugger, which can run anything in this process.
  process.on('SIGUSR1', () => log.warn('SIGUSR1 is ignored'))
  process.on('SIGHUP', () => { running = reload(app, file, running, log) })
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
  for (const { code, message } of exposureProblems(file, apiConfigSchema, config.tls === undefined ? {} : { 'pvc.api.ssl.key_file': config.tls.keyFile })) log.warn({ code }, message)
  try {
    await withDeadline(clock, FIRST_VIEW, ending.signal, async () => await app.services.view.ready)
  } catch (error) {
    if (!(error instanceof DeadlineError) && !ending.signal.aborted) throw error
  }
  if (ending.signal.aborted) return
  try {
    await app.listen({
      host: config.listenAddress,
      port: config.listenPort,
      backlog: BACKLOG,
      listenTextResolver: (address) => `listening at ${config.tls === undefined ? address : address.replace(/^http:/, 'https:')}`,
    })
  } catch (error) {
    const failure = error as NodeJS.ErrnoException
    const { code = 'unknown' } = failure
    log.fatal({ code: 'listen_failed', reason: code, address: config.listenAddress, port: config.listenPort }, `pvcapid cannot listen at ${hostWithPort(config.listenAddress, config.listenPort)}: ${listenFailure(failure)}. ${listenAdvice(code, config)}`)
    await app.close()
    process.exit(exitStatus('unavailable'))
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : config.listenPort
  log.info({ address: config.listenAddress, port, tls: config.tls !== undefined, authentication: config.tokens !== undefined, zookeeper: app.services.view.latest === null ? 'not reached yet' : 'connected', version: packageVersion() }, 'ready')
}

/** What is to be said of the files that a sound configuration names, and of its own. */
const filesProblems = (file: string, { tls }: ApiConfig): readonly ConfigProblem[] => [
  ...exposureProblems(file, apiConfigSchema, tls === undefined ? {} : { 'pvc.api.ssl.key_file': tls.keyFile }),
  ...certificateProblems(file, tls?.certFile, Date.parse(systemClock.wall())),
]

const listenAdvice = (code: string, { listenAddress, listenPort }: ApiConfig): string => code === 'EADDRINUSE'
  ? `Stop the program that has the port (\`ss -ltnp sport = :${listenPort}\` names it), or set another pvc.api.listen_port.`
  : code === 'EACCES' ? 'Set a pvc.api.listen_port of 1024 or more, or grant CAP_NET_BIND_SERVICE.' : `Set pvc.api.listen_address to an address of this host; ${listenAddress} cannot be used.`

/** What only a restart takes over. */
const fixed = {
  node: 'pvc.node',
  servers: 'pvc.coordinators',
  chroot: 'pvc.zookeeper.chroot',
  sessionTimeout: 'pvc.zookeeper.session_timeout',
  listenAddress: 'pvc.api.listen_address',
  listenPort: 'pvc.api.listen_port',
  limits: 'pvc.api.limits',
  trustedProxies: 'pvc.api.trusted_proxies',
  hostnames: 'pvc.api.hostnames',
  allowedOrigins: 'pvc.api.allowed_origins',
  basePath: 'pvc.api.base_path',
} as const satisfies Partial<Record<keyof ApiConfig, string>>
const fixedDemands = ['pvc.api.ssl.enabled', 'pvc.api.ssl.client_ca_file', 'pvc.api.ssl.require_client_certificate'] as const

/** Answers with what is in force from now on. */
function reload (app: FastifyInstance, file: string, running: ConfigFile, log: Logger): ConfigFile {
  const result = loadApiConfig(file)
  const files = result.ok ? filesProblems(file, result.value) : []
  const problems = [...result.problems, ...files].map((problem) => problemText(problem))
  if (!result.ok) {
    log.error({ problems }, 'the configuration cannot be used; everything stays as it is')
    return running
  }
  const next = result.value
  const taken = configFile(file, next, result.problems)
  const reasons = weakenings(running, taken, Date.parse(systemClock.wall()))
  if (reasons.length > 0) {
    log.error({ reasons, problems }, 'the configuration would leave this API weaker; everything stays as it is. If that is wanted, restart pvcapid')
    return running
  }
  // These are as they were at the start.
  const { config: started } = app
  const demandOf = ({ tls }: ApiConfig) => [tls !== undefined, tls?.clientCaFile !== undefined, tls?.requireClientCertificate === true]
  const [demanded, demands] = [demandOf(next), demandOf(started)]
  const restart = [
    ...Object.entries(fixed).filter(([name]) => !isDeepStrictEqual(next[name as keyof typeof fixed], started[name as keyof typeof fixed])).map(([, setting]) => setting),
    ...fixedDemands.filter((_setting, index) => demanded[index] !== demands[index]),
  ]
  try {
    app.reload(next)
  } catch (err) {
    log.error({ err }, 'the certificates cannot be used; everything stays as it is')
    return running
  }
  const ruling = inForce(started, taken)
  const changed = changes(running, ruling)
  log.info({ changed, keys: next.tokens?.length ?? null, problems }, `the configuration was read again: ${changed.length === 0 ? AS_BEFORE : changed.join('; ')}`)
  const wider = widened(running.config, next)
  if (wider.length > 0) log.warn({ keys: wider }, `keys that could only read may operate from now on: ${wider.join(', ')}`)
  const operates = ({ tokens }: ApiConfig) => tokens?.some(({ role }) => role === 'operate') === true
  if (operates(running.config) && !operates(next)) log.warn('no key may operate any more: until one may, and another SIGHUP, no switchover can be asked for with a key')
  if (restart.length > 0) log.warn({ settings: restart }, 'these settings have changed too, and wait for a restart')
  return ruling
}

/** Resolves with the exit status; null once it serves. */
async function main (): Promise<number | null> {
  const { say, complain } = plainOutput('pvcapid', exitStatus('output'), systemClock)
  const invocation = readCommandLine('pvcapid', process.argv.slice(2), process.env)
  switch (invocation.kind) {
    case 'help':
      say(invocation.text)
      return 0
    case 'version':
      say(`${packageVersion()}\n`)
      return 0
    case 'usage_error':
      complain(`${invocation.message}\n`)
      return invocation.exitCode
    case 'check':
    case 'run': {
      const result = loadApiConfig(invocation.file)
      const isStrict = invocation.kind === 'check' && invocation.strict === true
      // A daemon that runs says these in its log.
      const isCheck = invocation.kind === 'check'
      const found = result.ok && isCheck ? [...filesProblems(invocation.file, result.value), ...await hostProblems(invocation.file, result.value, systemClock, hostLookup)].map(result.placed) : []
      const problems = [...result.problems, ...found]
      const status = reportProblems(problems, complain, isStrict)
      if (isCheck) {
        const tell = status === 0 ? say : complain
        tell(`${verdict(invocation.file, problems, isStrict)}\n`)
        return status
      }
      if (!result.ok) return status
      await serve(invocation.file, configFile(invocation.file, result.value, result.problems))
      return null
    }
  }
}

const status = await main()
if (status !== null) process.exit(status)
