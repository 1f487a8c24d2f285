/**
 * The API as one Fastify application, put together from its parts. It can be listened with or injected into; closing it ends everything it
 * has opened: readiness first, then streams and waiters are told, requests in progress finish, and at last the session ends.
 *
 * Without ZooKeeper it starts all the same: reads are 503 until there is a view, and come by themselves.
 */
import type { IncomingMessage } from 'node:http'
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { apiRoutes, formRoutes, plainRoutes, prefix } from '../../routes/index.ts'
import { sharedSchemas } from '../../schemas/index.ts'
import { PATH_PART } from '../../schemas/parameters.ts'
import { hostWithPort } from '../runtime/addresses.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/log/log.ts'
import { packageVersion } from '../runtime/process/package-version.ts'
import type { Connector } from '../zookeeper/client/connection.ts'
import { BasePath } from './http/base-path.ts'
import { BODY_BYTES } from './request/bounds.ts'
import { CertificateWatch } from './http/certificate.ts'
import { ClientCertificates } from './access/client-certificates.ts'
import { clusterServices, type ClusterOptions } from './cluster-services.ts'
import type { ApiConfig } from './config/api-config.ts'
import { Connections } from './http/connections.ts'
import { httpServer, refuseConnection, renewCertificate } from './http/http-server.ts'
import { AllowedOrigins } from './access/allowed-origins.ts'
import { KnownHosts } from './access/known-hosts.ts'
import audit from './access/audit.ts'
import authentication, { type Credentials } from './access/authentication.ts'
import bodies from './plugins/bodies.ts'
import basePaths from './plugins/base-path.ts'
import clientGone from './plugins/client-gone.ts'
import crossSite from './access/cross-site.ts'
import { RefusedConnections } from './access/refused-connections.ts'
import description from './pages/description.ts'
import { formBodies, formQueries } from './plugins/forms.ts'
import httpMetrics from './metrics/http-metrics.ts'
import jsonBodies from './plugins/json-bodies.ts'
import problemReplies, { frameworkProblem } from './errors/problems.ts'
import knownLayout from './plugins/known-layout.ts'
import preconditions from './plugins/preconditions.ts'
import queries from './plugins/queries.ts'
import rateLimits from './access/rate-limits.ts'
import readings from './plugins/readings.ts'
import replyHeaders from './plugins/reply-headers.ts'
import statusPage from './pages/status-page.ts'
import { serializedText } from './fast-path/serialized-reply.ts'
import { requestIds } from './request/request-id.ts'
import { requestLogs } from './http/request-log.ts'
import { joined } from './request/request-target.ts'
import { validatorCompiler } from './errors/validator.ts'

/** What a client may give as the id of its request; anything else gets one of ours. */
const REQUEST_ID = /^[\w.-]{1,64}$/

export interface AppOptions {
  readonly config: ApiConfig
  readonly clock: Clock
  readonly connector: Connector
  readonly log: Logger
  /** Finds out why no session with ZooKeeper can be opened. */
  readonly diagnose?: ClusterOptions['diagnose']
  /** Log lines that were dropped because stdout did not take them; none unless given. */
  readonly logLinesDropped?: () => number
  /** From 0 inclusive to 1 exclusive. */
  readonly random: () => number
  /** A fresh random uuid as 32 lower-case hexadecimal digits. */
  readonly uuid: () => string
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Takes over the keys, the certificates and the log level of `config`. Throws if the certificates cannot be used; then nothing has changed. */
    reload (config: ApiConfig): void
    /** What it was started with. */
    readonly config: ApiConfig
  }
}

/** Builds the application, which begins to connect at once. Not listening yet. */
export async function buildApp (options: AppOptions): Promise<FastifyInstance> {
  const { config, clock, connector, log, logLinesDropped = () => 0, random, uuid } = options
  const ownId = requestIds(uuid)
  const loggerInstance: FastifyBaseLogger = requestLogs(log)
  const basePath = new BasePath(config)
  const refusedConnections = new RefusedConnections({ log, clock })
  const connections = new Connections({
    clock,
    perAddress: config.limits.connectionsPerAddress,
    exempt: config.trustedProxies,
    basePath,
    onBegun: (waited) => services.metrics.metrics.connectionWait.observe(waited / 1000),
    onEnded: (reason) => services.metrics.metrics.endedConnections.inc({ reason }),
    onRefused: (reason, address, error) => {
      services.metrics.metrics.refusedConnections.inc({ reason })
      refusedConnections.refused(reason, address, error)
    },
  })
  const { tls } = config
  const certificates = tls?.clientCaFile === undefined ? null : new ClientCertificates({ caFile: tls.clientCaFile, known: config.clientCertificates ?? [], clock })
  let credentials: Credentials = { tokens: config.tokens, certificates }
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: ({ headers: { 'x-request-id': given } }) => typeof given === 'string' && REQUEST_ID.test(given) ? given : ownId(),
    bodyLimit: BODY_BYTES,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    rewriteUrl: ({ url = '/' }: IncomingMessage) => joined(basePath.stripped(url)),
    // A path that reads as another one would pass by the rules of a proxy in front.
    routerOptions: { maxParamLength: PATH_PART, ignoreDuplicateSlashes: false, ignoreTrailingSlash: false, caseSensitive: true },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, `${basePath.configured}/`, connections),
    // These come before any route and its hooks.
    frameworkErrors (error, request, reply) {
      app.addReplyHeaders(request, reply)
      frameworkProblem(error, request, reply, basePath)
    },
    serverFactory: (handler) => httpServer({ config, connections, basePath, ...certificates === null ? {} : { onSecure: (socket) => certificates.connected(socket) } }, handler),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(() => serializedText)
  app.removeContentTypeParser('text/plain')
  for (const schema of sharedSchemas) app.addSchema(schema)

  const services = clusterServices({
    servers: config.servers.map(({ host, port }) => hostWithPort(host, port)),
    chroot: config.chroot,
    sessionTimeout: config.sessionTimeout,
    connector,
    clock,
    random,
    uuid,
    log,
    diagnose: options.diagnose,
    logLinesDropped,
    limits: config.limits,
    node: config.node,
    identifier: `pvcapid ${config.node ?? ''}`.trim(),
  })
  services.metrics.observe(connections)
  const certificate = config.tls === undefined ? null : new CertificateWatch({ certFile: config.tls.certFile, clock, log, gauge: services.metrics.metrics.certificateExpiry })
  app.decorate('services', services)
  app.decorate('config', config)
  app.decorate('reload', (next: ApiConfig) => {
    if (tls !== undefined && next.tls !== undefined) {
      // Whether clients are asked for a certificate stays as it was at the start.
      const clientCaFile = tls.clientCaFile === undefined ? undefined : next.tls.clientCaFile ?? tls.clientCaFile
      const replace = clientCaFile === undefined ? undefined : certificates?.prepare(clientCaFile, next.clientCertificates ?? [])
      const { certFile, keyFile, minVersion } = next.tls
      renewCertificate(app.server, { certFile, keyFile, minVersion, ...clientCaFile === undefined ? {} : { clientCaFile } })
      replace?.()
    }
    if (next.tls !== undefined) certificate?.renewed(next.tls.certFile)
    credentials = { tokens: next.tokens, certificates }
    log.level = next.logLevel
    // Requests that wait or follow events have to show a key that still holds.
    services.revoke()
  })
  app.addHook('preClose', async () => services.stop())
  app.addHook('onClose', async () => {
    certificate?.[Symbol.dispose]()
    refusedConnections[Symbol.dispose]()
  })
  app.addHook('onClose', async () => await services.close())

  await app.register(problemReplies, { basePath, chrootFailure: services.chrootFailure })
  await app.register(bodies)
  await app.register(jsonBodies)
  await app.register(basePaths, { basePath })
  await app.register(queries)
  await app.register(formQueries)
  await app.register(audit, { log, clock })
  await app.register(clientGone)
  await app.register(httpMetrics, { metrics: services.metrics.metrics })
  const origins = new AllowedOrigins(config.allowedOrigins ?? [])
  await app.register(replyHeaders, { tls: config.tls !== undefined, origins, view: services.view, stopping: () => services.health.stopping })
  await app.register(crossSite, { origins, hosts: new KnownHosts({ config, clock }) })
  await app.register(rateLimits, { clock, limits: config.limits })
  await app.register(readings, { view: services.view, contact: services.contact })
  await app.register(preconditions)
  await app.register(knownLayout, { view: services.view })
  await app.register(authentication, { credentials: () => credentials })
  await app.register(description, { version: packageVersion(), tls: config.tls !== undefined, basePath, chroot: config.chroot })
  await app.register(statusPage, { chroot: config.chroot, credentials: () => credentials })
  await app.register(async (pvc) => {
    await pvc.register(formBodies)
    for (const route of formRoutes) await pvc.register(route, { prefix })
  })
  for (const route of apiRoutes) await app.register(route, { prefix })
  for (const route of plainRoutes) await app.register(route)
  return app
}
