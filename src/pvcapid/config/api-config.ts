/** The configuration as pvcapid uses it. Durations are in milliseconds; clear-text keys are not in it. */
import type { HostPort } from '../../runtime/config/config-common.ts'
import type { LogLevel } from '../../runtime/log/log.ts'

/** What a key allows: `operate` includes `read`. */
export const tokenRoles = ['read', 'operate'] as const
export type TokenRole = typeof tokenRoles[number]

/** What clients may take. */
export interface ApiLimits {
  readonly connections: number
  /** Of one client address, or of an IPv6 network (/64). */
  readonly connectionsPerAddress: number
  readonly waiters: number
  /** Of one client: an address or IPv6 network, and a key if it has one. */
  readonly waitersPerClient: number
  readonly eventStreams: number
  readonly eventStreamsPerClient: number
  /** By address and minute; 0 for no limit. */
  readonly failedAuthentications: number
  /** By key and minute; 0 for no limit. */
  readonly writes: number
}

/** HTTPS as it is served. */
export interface TlsConfig {
  readonly certFile: string
  readonly keyFile: string
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Undefined where clients are asked for no certificate. */
  readonly clientCaFile?: string
  /** Whether those without one are refused. */
  readonly requireClientCertificate?: boolean
}

/** A subject that has a role. */
export interface ClientCertificate {
  readonly description: string
  readonly role: TokenRole
  /** As `subjectOf` gives it. */
  readonly subject: string
}

/** A key as the daemon holds it. */
export interface ApiToken {
  readonly description: string
  readonly role: TokenRole
  /** SHA-256 of the key, 32 bytes. */
  readonly digest: Buffer
}

export interface ApiConfig {
  readonly node: string | undefined
  readonly servers: readonly HostPort[]
  /** The path of the znode under which the cluster is; the root of the ensemble unless given. */
  readonly chroot?: string
  /** Asked for, milliseconds. */
  readonly sessionTimeout: number
  readonly listenAddress: string
  readonly listenPort: number
  /** Undefined if no key is needed. */
  readonly tokens: readonly ApiToken[] | undefined
  /** Certificates that are taken instead of a key; none unless given. */
  readonly clientCertificates?: readonly ClientCertificate[]
  /** Undefined for plain HTTP. */
  readonly tls: TlsConfig | undefined
  readonly limits: ApiLimits
  /** Addresses and networks. */
  readonly trustedProxies: readonly string[]
  /** Further names of this API, in lower case; none unless given. */
  readonly hostnames?: readonly string[]
  /** As `/pvc`; the root unless given. */
  readonly basePath?: string
  /** Origins of other web pages that may use this API, as browsers send them; none unless given. */
  readonly allowedOrigins?: readonly string[]
  readonly logLevel: LogLevel
}
