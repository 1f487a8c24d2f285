/**
 * pvcapid's configuration: the file's schema, the rules between its settings, and the typed form that the daemon uses.
 *
 * Guarantees: a configuration that loads is complete and consistent; clear-text tokens do not outlive loading, only their
 * SHA-256 does. Durations are seconds in the file and milliseconds in `ApiConfig`.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import Type from 'typebox'
import type { Static } from 'typebox'
import { isLoopback } from '../runtime/addresses.ts'
import { coordinators, coordinatorsRule, judgeCoordinators, logLevel, milliseconds, nodeName, section, zookeeper, zooKeeperServers } from '../runtime/config/config-common.ts'
import type { HostPort } from '../runtime/config/config-common.ts'
import type { LogLevel } from '../runtime/log/log.ts'
import { loadConfig } from '../runtime/config/yaml-config.ts'
import { originOf } from './access/allowed-origins.ts'
import { BASE_PATH } from './http/base-path.ts'
import { certificatesIn, subjectOf, type ClientCertificate } from './access/client-certificates.ts'
import { hostOf } from './access/known-hosts.ts'
import type { ConfigResult, Finding, Relation } from '../runtime/config/yaml-config.ts'

/** What a key allows: `operate` includes `read`. */
export const tokenRoles = ['read', 'operate'] as const
export type TokenRole = typeof tokenRoles[number]

const token = section('One API key.', {
  description: Type.String({ description: 'Whose key it is; shown in logs and in `requested_by`.', minLength: 1, maxLength: 100 }),
  token: Type.Optional(Type.String({ description: 'The key in clear text. Either this or token_sha256.', minLength: 1, secret: true })),
  token_sha256: Type.Optional(Type.String({ description: 'The SHA-256 of the key. Either this or token.', pattern: '^[0-9a-fA-F]{64}$', form: 'a SHA-256 in 64 hexadecimal digits', secret: true })),
  role: Type.Enum([...tokenRoles], { description: 'What the key allows: read, or operate (read and change).' }),
}, false)

const clientCertificate = section('One client certificate.', {
  subject: Type.String({ description: 'The whole subject of the certificate, as CN=ops,O=Example.', minLength: 1, maxLength: 500 }),
  description: Type.Optional(Type.String({ description: 'Whose certificate it is; shown in logs and in `requested_by`. Its subject unless given.', minLength: 1, maxLength: 100 })),
  role: Type.Enum([...tokenRoles], { description: 'What the certificate allows: read, or operate (read and change).' }),
}, false)

/** What clients may take. */
export interface ApiLimits {
  readonly connections: number
  /** Of one client address, or of an IPv6 network (/64). */
  readonly connectionsPerAddress: number
  readonly waiters: number
  readonly eventStreams: number
  /** By address and minute; 0 for no limit. */
  readonly failedAuthentications: number
  /** By key and minute; 0 for no limit. */
  readonly writes: number
}

export const defaultLimits: ApiLimits = { connections: 20_000, connectionsPerAddress: 5_000, waiters: 20_000, eventStreams: 1_000, failedAuthentications: 60, writes: 600 }

const limit = (description: string, fallback: number, minimum: number) => Type.Integer({ description, minimum, maximum: 1_000_000, default: fallback })

const absoluteFile = (description: string) => Type.String({ description, pattern: '^/', form: 'an absolute path' })

export const apiConfigSchema = section('The configuration of pvcapid.', {
  pvc: section('Everything.', {
    node: Type.Optional(nodeName('The node this API runs on: whom /role/primary and /role/secondary speak of unless asked about another.')),
    coordinators,
    zookeeper,
    api: section('The HTTP server.', {
      listen_address: Type.String({ description: 'The address to listen on; 0.0.0.0 or "::" for all.', minLength: 1, default: '127.0.0.1' }),
      listen_port: Type.Integer({ description: 'The port to listen on; 0 lets the system choose one, which the log names.', minimum: 0, maximum: 65_535, default: 7370 }),
      authentication: section('Who may use the API.', {
        enabled: Type.Optional(Type.Boolean({ description: 'Whether routes need a key in the header X-Api-Key. False unless given; has to be given where listen_address is no loopback address.' })),
        tokens: Type.Array(token, { description: 'The keys.', default: [] }),
        client_certificates: Type.Array(clientCertificate, { description: 'Client certificates that are taken instead of a key, by their subjects. They have to be verified by ssl.client_ca_file.', default: [] }),
      }),
      trusted_proxies: Type.Array(Type.String({ description: 'Address or network (CIDR).', minLength: 1 }), {
        description: 'Proxies whose X-Forwarded-For, -Host, -Proto and -Prefix are believed, so that limits and the audit line see the client behind them, and its requests are told from those of other sites. Their own connections are not limited by address.', default: [],
      }),
      hostnames: Type.Array(Type.String({ description: 'A host name or address, without a port.', minLength: 1 }), {
        description: 'Names by which clients address this API, besides the machine\'s own names and addresses and the node\'s name. Without authentication it is served by no other name.', default: [],
      }),
      allowed_origins: Type.Array(Type.String({ description: 'An origin, as https://example.com:8443.', minLength: 1 }), {
        description: 'Origins of other web pages that may use this API in a browser (CORS). The API\'s own pages need no entry.', default: [],
      }),
      base_path: Type.Optional(Type.String({
        description: 'The path below which a proxy serves this API, as /pvc; it goes before every path that a reply names. A trusted proxy may say it in X-Forwarded-Prefix instead.', pattern: BASE_PATH.source, maxLength: 256, form: 'a path of plain segments without a slash at its end, as /pvc',
      })),
      limits: section('What clients may take.', {
        connections: limit('Connections at once.', defaultLimits.connections, 1),
        connections_per_address: limit('Connections at once from one address, or from one IPv6 network (/64); more are closed. Addresses in trusted_proxies are exempt.', defaultLimits.connectionsPerAddress, 1),
        waiters: limit('Long-polls at once.', defaultLimits.waiters, 1),
        event_streams: limit('Event streams at once.', defaultLimits.eventStreams, 1),
        failed_authentications: limit('Wrong keys from one address within a minute; 0 for no limit.', defaultLimits.failedAuthentications, 0),
        writes: limit('Writes by one key within a minute, or by one address where no key is needed; 0 for no limit.', defaultLimits.writes, 0),
      }),
      ssl: section('HTTPS.', {
        enabled: Type.Boolean({ description: 'Whether to serve HTTPS instead of HTTP.', default: false }),
        min_version: Type.Enum(['TLSv1.2', 'TLSv1.3'], { description: 'The oldest version of TLS that is taken.', default: 'TLSv1.2' }),
        cert_file: Type.Optional(absoluteFile('The certificate with its chain, PEM. Needed if enabled.')),
        key_file: Type.Optional(absoluteFile('The private key, PEM. Needed if enabled.')),
        client_ca_file: Type.Optional(absoluteFile('The certificates of the authorities that client certificates are verified by, PEM. Clients are asked for a certificate if it is given.')),
        require_client_certificate: Type.Boolean({ description: 'Whether clients without a certificate that client_ca_file verifies are refused, at every route and before any request. Needs client_ca_file.', default: false }),
      }),
    }),
    log_level: logLevel,
  }, false),
}, false)

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

type ApiConfigFile = Static<typeof apiConfigSchema>

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

/** Characters of a description at most. */
const LONGEST_DESCRIPTION = 100
/** Characters below which a key is too easily guessed. */
const SHORTEST = 16

type ApiRelation = Relation<ApiConfigFile>

export const apiRelations: readonly ApiRelation[] = [
  { reads: ['pvc.coordinators'], rule: coordinatorsRule, judge: ({ pvc }) => judgeCoordinators(pvc.coordinators) },
  { reads: ['pvc.api.authentication'], rule: `Each token has exactly one of \`token\` and \`token_sha256\`; no key is there twice; with \`enabled\` there is at least one. A clear-text key of fewer than ${SHORTEST} characters is a warning.`, judge: judgeTokens },
  { reads: ['pvc.api.ssl'], rule: 'With `enabled`, both files can be read and belong together.', judge: judgeCertificate },
  { reads: ['pvc.api.ssl'], rule: '`client_ca_file`, where HTTPS is enabled, can be read and holds certificates; `require_client_certificate` needs it.', judge: judgeClientCa },
  { reads: ['pvc.api.authentication.client_certificates', 'pvc.api.ssl'], rule: 'Each client certificate has a subject of its own; there are none without HTTPS and `client_ca_file`.', judge: judgeClientCertificates },
  { reads: ['pvc.api.trusted_proxies'], rule: 'Each is an address or a network.', judge: judgeProxies },
  { reads: ['pvc.api.hostnames'], rule: 'Each is a host name or an address, without a port.', judge: judgeHostnames },
  { reads: ['pvc.api.allowed_origins'], rule: 'Each is the exact origin of a web page.', judge: judgeOrigins },
  {
    reads: ['pvc.api.authentication.enabled', 'pvc.api.listen_address'],
    rule: 'Without authentication the API listens on a loopback address alone, unless `enabled: false` is written out; then a warning.',
    judge ({ pvc: { api } }) {
      if (api.authentication.enabled === true || isLoopback(api.listen_address) || api.listen_address.toLowerCase() === 'localhost') return []
      if (api.authentication.enabled === undefined) {
        return [{ path: 'pvc.api.listen_address', message: `Everyone who reaches ${api.listen_address} could move the primary, because no authentication is configured. Set pvc.api.authentication with enabled and tokens; or, if that is what you want, write pvc.api.authentication: {enabled: false}.` }]
      }
      return [{ path: 'pvc.api.listen_address', severity: 'warning', message: `Without authentication everyone who reaches ${api.listen_address} may move the primary; set pvc.api.authentication.enabled.` }]
    },
  },
]

function judgeTokens ({ pvc }: ApiConfigFile): Finding[] {
  const { enabled, tokens, client_certificates: certificates } = pvc.api.authentication
  const path = 'pvc.api.authentication'
  const findings: Finding[] = enabled === true && tokens.length + certificates.length === 0
    ? [{ path: `${path}.enabled`, message: 'Authentication is enabled but pvc.api.authentication.tokens is empty, so nobody could use the API; add a token.' }]
    : []
  const seen = new Map<string, number>()
  for (const [index, entry] of tokens.entries()) {
    const given = [entry.token, entry.token_sha256].filter((value) => value !== undefined).length
    if (entry.token !== undefined && entry.token.length < SHORTEST) {
      findings.push({ path: `${path}.tokens[${index}].token`, severity: 'warning', message: `A key of ${entry.token.length} characters can be guessed; use at least ${SHORTEST} random ones.` })
    }
    if (given !== 1) findings.push({ path: `${path}.tokens[${index}]`, message: `A token needs exactly one of token and token_sha256; this one has ${given === 0 ? 'neither' : 'both'}.` })
    else {
      const digest = tokenDigest(entry).toString('hex')
      const earlier = seen.get(digest)
      if (earlier === undefined) seen.set(digest, index)
      else findings.push({ path: `${path}.tokens[${index}]`, message: `This is the same key as number ${earlier + 1} of the list.` })
    }
  }
  return findings
}

function judgeProxies ({ pvc }: ApiConfigFile): Finding[] {
  const isAddress = (text: string) => {
    const [address = '', bits, ...rest] = text.split('/')
    const version = isIP(address)
    return version > 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
  }
  return pvc.api.trusted_proxies.flatMap((text, index) => isAddress(text)
    ? []
    : [{ path: `pvc.api.trusted_proxies[${index}]`, message: `"${text}" is not an address or a network; write for example 127.0.0.1 or 10.0.0.0/8.` }])
}

function judgeHostnames ({ pvc }: ApiConfigFile): Finding[] {
  return pvc.api.hostnames.flatMap((text, index) => hostOfSetting(text) === null
    ? [{ path: `pvc.api.hostnames[${index}]`, message: `"${text}" is not a host name or an address; write it without scheme, port and path, for example pvc.example.com.` }]
    : [])
}

/** IPv6 addresses may stand in brackets or not; a port has no place here. */
function hostOfSetting (text: string): string | null {
  if (isIP(text) === 6) return hostOf(`[${text}]`)
  return /:\d*$/.test(text.replace(/^\[.*\]/, '')) ? null : hostOf(text)
}

function judgeOrigins ({ pvc }: ApiConfigFile): Finding[] {
  return pvc.api.allowed_origins.flatMap((text, index) => originOf(text) === null
    ? [{ path: `pvc.api.allowed_origins[${index}]`, message: `"${text}" is not an origin; write scheme, host and, unless it is the scheme's own, port, for example https://example.com:8443. There are no wildcards.` }]
    : [])
}

function judgeCertificate ({ pvc }: ApiConfigFile): Finding[] {
  const { ssl } = pvc.api
  if (!ssl.enabled) return []
  const read = (name: 'cert_file' | 'key_file'): Buffer | Finding => {
    const path = `pvc.api.ssl.${name}`
    const file = ssl[name]
    if (file === undefined) return { path, message: `HTTPS is enabled (pvc.api.ssl.enabled), so ${name} must be given.` }
    try {
      return readFileSync(file)
    } catch (error) {
      return { path, message: `${file} cannot be read (${String((error as NodeJS.ErrnoException).code)}).` }
    }
  }
  const cert = read('cert_file')
  const key = read('key_file')
  if (!Buffer.isBuffer(cert) || !Buffer.isBuffer(key)) return [cert, key].filter((result): result is Finding => !Buffer.isBuffer(result))
  try {
    createSecureContext({ cert, key })
    return []
  } catch (error) {
    return [{ path: 'pvc.api.ssl.cert_file', message: `This certificate and the key of key_file cannot be used together (${error instanceof Error ? error.message : String(error)}).` }]
  }
}

function judgeClientCa ({ pvc }: ApiConfigFile): Finding[] {
  const { enabled, client_ca_file: file, require_client_certificate: isRequired } = pvc.api.ssl
  const path = 'pvc.api.ssl.client_ca_file'
  if (isRequired && (!enabled || file === undefined)) {
    return [{ path: 'pvc.api.ssl.require_client_certificate', message: 'A client certificate is required, but none could be verified: set pvc.api.ssl.enabled and client_ca_file.' }]
  }
  if (!enabled || file === undefined) return []
  try {
    createSecureContext({ ca: readFileSync(file) })
    certificatesIn(file)
    return []
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return [{ path, message: code?.startsWith('E') === true && !code.startsWith('ERR_') ? `${file} cannot be read (${code}).` : `${file} holds no certificates that can be used (${error instanceof Error ? error.message : String(error)}); give those of the authorities, PEM.` }]
  }
}

function judgeClientCertificates ({ pvc }: ApiConfigFile): Finding[] {
  const { authentication: { client_certificates: certificates }, ssl } = pvc.api
  const path = 'pvc.api.authentication.client_certificates'
  if (certificates.length === 0) return []
  if (!ssl.enabled || ssl.client_ca_file === undefined) return [{ path, message: 'No client certificate could be verified: set pvc.api.ssl.enabled and client_ca_file.' }]
  const seen = new Map<string, number>()
  return certificates.flatMap(({ subject }, index) => {
    const known = subjectOf(subject)
    if (known === null) return [{ path: `${path}[${index}].subject`, message: `"${subject}" is not the subject of a certificate; write all of it, for example CN=ops,O=Example, as openssl x509 -noout -subject -nameopt RFC2253 shows it.` }]
    const earlier = seen.get(known)
    seen.set(known, earlier ?? index)
    return earlier === undefined ? [] : [{ path: `${path}[${index}].subject`, message: `This is the same subject as number ${earlier + 1} of the list.` }]
  })
}

function tokenDigest (entry: Static<typeof token>): Buffer {
  return entry.token === undefined ? Buffer.from(entry.token_sha256 ?? '', 'hex') : createHash('sha256').update(entry.token).digest()
}

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
    servers: zooKeeperServers(pvc.coordinators),
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
      eventStreams: limits.event_streams,
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
