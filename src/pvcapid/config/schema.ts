/** The schema of pvcapid's configuration file: each setting with its description, bounds and default. Durations are in seconds. */
import Type from 'typebox'
import type { Static } from 'typebox'
import { coordinators, logLevel, nodeName, secretSection, section, zookeeper } from '../../runtime/config/config-common.ts'
import { tokenRoles, type ApiLimits } from './api-config.ts'

/** Segments that mean nothing to a browser, a shell or a proxy but themselves, and none that begins with a dot. */
export const BASE_PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/

const token = secretSection('One API key.', {
  description: Type.String({ description: 'Whose key it is; shown in logs and in `requested_by`.', minLength: 1, maxLength: 100 }),
  token: Type.Optional(Type.String({ description: 'The key in clear text. Either this or token_sha256.', minLength: 1, secret: true })),
  token_sha256: Type.Optional(Type.String({ description: 'The SHA-256 of the key. Either this or token.', pattern: '^[0-9a-fA-F]{64}$', form: 'a SHA-256 in 64 hexadecimal digits', secret: true })),
  role: Type.Enum([...tokenRoles], { description: 'What the key allows: read, or operate (read and change).' }),
}, false)

const clientCertificate = secretSection('One client certificate.', {
  subject: Type.String({ description: 'The whole subject of the certificate, as CN=ops,O=Example.', minLength: 1, maxLength: 500 }),
  description: Type.Optional(Type.String({ description: 'Whose certificate it is; shown in logs and in `requested_by`. Its subject unless given.', minLength: 1, maxLength: 100 })),
  role: Type.Enum([...tokenRoles], { description: 'What the certificate allows: read, or operate (read and change).' }),
}, false)

export const defaultLimits: ApiLimits = { connections: 20_000, connectionsPerAddress: 2_000, waiters: 20_000, waitersPerClient: 5_000, eventStreams: 1_000, eventStreamsPerClient: 250, failedAuthentications: 60, writes: 600 }

const limit = (description: string, fallback: number, minimum: number) => Type.Integer({ description, minimum, maximum: 1_000_000, default: fallback })

const absoluteFile = (description: string) => Type.String({ description, pattern: '^/[^\\u0000]*$', form: 'an absolute path' })

export const apiConfigSchema = section('The configuration of pvcapid.', {
  pvc: section('What everything else stands in.', {
    node: Type.Optional(nodeName('The node this API runs on: whom /role/primary and /role/secondary speak of unless asked about another.')),
    coordinators,
    zookeeper,
    api: section('The HTTP server.', {
      listen_address: Type.String({ description: 'The address to listen on; 0.0.0.0 or "::" for all.', minLength: 1, default: '127.0.0.1' }),
      listen_port: Type.Integer({ description: 'The port to listen on; 0 lets the system choose one, which the log names.', minimum: 0, maximum: 65_535, default: 7370 }),
      authentication: secretSection('Who may use the API.', {
        enabled: Type.Optional(Type.Boolean({ description: 'Whether routes need a key in the header X-Api-Key. False unless given; has to be given where listen_address is no loopback address.' })),
        tokens: Type.Array(token, { description: 'The keys.', default: [] }),
        client_certificates: Type.Array(clientCertificate, { description: 'Client certificates that are taken instead of a key, by their subjects. They have to be verified by ssl.client_ca_file.', default: [] }),
      }),
      trusted_proxies: Type.Array(Type.String({ description: 'Address or network (CIDR).', minLength: 1 }), {
        description: 'Proxies whose X-Forwarded-For, -Host, -Proto and -Prefix are believed, so that limits and the audit line see the client behind them, and its requests are told from those of other sites. Their own connections are not limited by address. A network of all addresses would trust every client with that, and is a warning.', default: [],
      }),
      hostnames: Type.Array(Type.String({ description: 'A host name or address, without a port.', minLength: 1 }), {
        description: 'Names by which clients address this API, besides the machine\'s own names and addresses and the node\'s name. Without authentication, requests by any other name are refused. Writes by client certificate are refused likewise.', default: [],
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
        waiters: limit('Long-polls at once. Switchovers that are waited for by those who ask for them have places besides.', defaultLimits.waiters, 1),
        waiters_per_client: limit('Long-polls at once of one client: of one address or IPv6 network (/64), behind trusted_proxies the one that they name, and of each key there by itself.', defaultLimits.waitersPerClient, 1),
        event_streams: limit('Event streams at once.', defaultLimits.eventStreams, 1),
        event_streams_per_client: limit('Event streams at once of one client, likewise.', defaultLimits.eventStreamsPerClient, 1),
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

export type ApiConfigFile = Static<typeof apiConfigSchema>

export type ApiTokenEntry = ApiConfigFile['pvc']['api']['authentication']['tokens'][number]
