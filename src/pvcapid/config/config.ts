/**
 * Loads pvcapid's configuration file.
 *
 * Guarantees: a configuration that loads is complete and consistent; clear-text keys do not outlive loading, only their SHA-256 does.
 */
import { ensembleOf, milliseconds } from '../../runtime/config/config-common.ts'
import { loadConfig, type ConfigResult } from '../../runtime/config/yaml-config.ts'
import { originOf } from '../access/allowed-origins.ts'
import { subjectOf } from '../access/client-certificates.ts'
import { hostOfSetting } from '../access/known-hosts.ts'
import { tokenDigest } from '../access/token-digest.ts'
import type { ApiConfig } from './api-config.ts'
import { apiRelations } from './rules.ts'
import { apiConfigSchema, type ApiConfigFile } from './schema.ts'

/** Characters of a description at most. */
const LONGEST_DESCRIPTION = 100
/** Loads and checks pvcapid's configuration file; never throws for what the file holds. */
export function loadApiConfig (file: string): ConfigResult<ApiConfig> {
  const result = loadConfig(file, apiConfigSchema, apiRelations)
  return result.ok ? { ...result, value: typed(result.value) } : result
}

function typed ({ pvc }: ApiConfigFile): ApiConfig {
  const { authentication, ssl, limits, trusted_proxies: trustedProxies } = pvc.api
  const known = (values: ReadonlyArray<string | null>) => values.filter((value) => value !== null)
  return {
    node: pvc.node,
    ...ensembleOf(pvc),
    sessionTimeout: milliseconds(pvc.zookeeper.session_timeout),
    listenAddress: pvc.api.listen_address,
    listenPort: pvc.api.listen_port,
    tokens: authentication.enabled === true
      ? authentication.tokens.map((entry) => ({ description: entry.description, role: entry.role, digest: tokenDigest(entry) }))
      : undefined,
    ...authentication.client_certificates.length === 0 ? {} : { clientCertificates: authentication.client_certificates.map(({ subject, description = subject.slice(0, LONGEST_DESCRIPTION), role }) => ({ description, role, subject: subjectOf(subject) ?? '' })) },
    tls: ssl.enabled && ssl.cert_file !== undefined && ssl.key_file !== undefined
      ? {
          certFile: ssl.cert_file,
          keyFile: ssl.key_file,
          minVersion: ssl.min_version,
          ...ssl.client_ca_file === undefined ? {} : { clientCaFile: ssl.client_ca_file, requireClientCertificate: ssl.require_client_certificate },
        }
      : undefined,
    limits: {
      connections: limits.connections,
      connectionsPerAddress: limits.connections_per_address,
      waiters: limits.waiters,
      waitersPerClient: limits.waiters_per_client,
      eventStreams: limits.event_streams,
      eventStreamsPerClient: limits.event_streams_per_client,
      failedAuthentications: limits.failed_authentications,
      writes: limits.writes,
    },
    trustedProxies,
    hostnames: known(pvc.api.hostnames.map(hostOfSetting)),
    ...pvc.api.base_path === undefined ? {} : { basePath: pvc.api.base_path },
    allowedOrigins: known(pvc.api.allowed_origins.map(originOf)),
    logLevel: pvc.log_level,
  }
}
