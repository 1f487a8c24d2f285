/** The rules between pvcapid's settings, and of single settings that the schema cannot say. */
import { createSecureContext } from 'node:tls'
import { isLoopback } from '../../runtime/addresses.ts'
import { coordinatorsReads, coordinatorsRule, judgeCoordinators, noListenerAt } from '../../runtime/config/config-common.ts'
import { readConfigFile, UnreadableFile } from '../../runtime/config/config-file.ts'
import type { Finding, Relation } from '../../runtime/config/yaml-config.ts'
import { originOf } from '../access/allowed-origins.ts'
import { certificatesIn, checkWhole, subjectOf } from '../access/client-certificates.ts'
import { hostOfSetting } from '../access/known-hosts.ts'
import { tokenDigest } from '../access/token-digest.ts'
import { networkOf, universal } from './all-addresses.ts'
import type { ApiConfigFile } from './schema.ts'

/** Characters below which a key is too easily guessed, and different ones among them. */
const SHORTEST = 16
const DIFFERENT = 5
/** The digest of an empty key: what a script makes of a variable that is not set. */
const EMPTY = tokenDigest({ token: '' }).toString('hex')

type ApiRelation = Relation<ApiConfigFile>

export const apiRelations: readonly ApiRelation[] = [
  { reads: coordinatorsReads, rule: coordinatorsRule, judge: ({ pvc }) => judgeCoordinators(pvc) },
  { reads: ['pvc.api.authentication'], rule: `Each token has exactly one of \`token\` and \`token_sha256\`; no key is there twice; with \`enabled\` there is at least one. A clear-text key of fewer than ${SHORTEST} characters, or of fewer than ${DIFFERENT} different ones, is a warning; the SHA-256 of an empty key is an error.`, judge: judgeTokens },
  { reads: ['pvc.api.ssl'], rule: 'With `enabled`, both files can be read and belong together.', judge: judgeCertificate },
  { reads: ['pvc.api.ssl'], rule: '`client_ca_file`, where HTTPS is enabled, can be read and holds certificates; `require_client_certificate` needs it.', judge: judgeClientCa },
  { reads: ['pvc.api.authentication.client_certificates', 'pvc.api.ssl'], rule: 'Each client certificate has a subject of its own; there are none without HTTPS and `client_ca_file`.', judge: judgeClientCertificates },
  {
    reads: ['pvc.api.limits.connections', 'pvc.api.limits.connections_per_address'],
    rule: '`connections_per_address` is less than `connections`; else a warning: one address could take them all.',
    judge ({ pvc: { api: { limits: { connections, connections_per_address: perAddress } } } }) {
      return perAddress < connections ? [] : [{ path: 'pvc.api.limits.connections_per_address', severity: 'warning', message: `One address may have ${perAddress} connections and there are ${connections} in all, so that one client can keep all others out; set connections_per_address to ${Math.max(1, Math.floor(connections / 4))}, or raise connections.` }]
    },
  },
  { reads: ['pvc.api.trusted_proxies'], rule: 'Each is an address or a network. All addresses of a version of IP, in one network or in several together, are a warning.', judge: judgeProxies },
  { reads: ['pvc.api.hostnames'], rule: 'Each is a host name or an address, without a port.', judge: judgeHostnames },
  {
    reads: ['pvc.api.listen_address'],
    rule: 'A process can listen on it: it is no multicast or broadcast address.',
    judge ({ pvc: { api: { listen_address: address } } }) {
      const reason = noListenerAt(address)
      return reason === null ? [] : [{ path: 'pvc.api.listen_address', message: `"${address}" ${reason}; write an address of this machine, or 0.0.0.0 or "::" for all.` }]
    },
  },
  { reads: ['pvc.api.allowed_origins'], rule: 'Each is the exact origin of a web page.', judge: judgeOrigins },
  {
    reads: ['pvc.api.authentication.enabled', 'pvc.api.listen_address'],
    rule: 'Without authentication the API listens on a loopback address alone, unless `enabled: false` is written out; then a warning.',
    judge ({ pvc: { api } }) {
      if (api.authentication.enabled === true || isLoopback(api.listen_address) || api.listen_address.toLowerCase() === 'localhost') return []
      if (api.authentication.enabled === undefined) {
        return [{ path: 'pvc.api.listen_address', message: `Every host that reaches ${api.listen_address} could move the primary, because no authentication is configured. Set pvc.api.authentication with enabled and tokens; or, if that is what you want, write pvc.api.authentication: {enabled: false}.` }]
      }
      return [{ path: 'pvc.api.listen_address', severity: 'warning', message: `Without authentication every host that reaches ${api.listen_address} may move the primary; set pvc.api.authentication.enabled.` }]
    },
  },
]

function judgeTokens ({ pvc }: ApiConfigFile): Finding[] {
  const { enabled, tokens, client_certificates: certificates } = pvc.api.authentication
  const path = 'pvc.api.authentication'
  const findings: Finding[] = enabled === true && tokens.length + certificates.length === 0
    ? [{ path: `${path}.enabled`, message: 'Authentication is enabled but pvc.api.authentication.tokens is empty, so no request would be accepted; add a token.' }]
    : []
  const seen = new Map<string, number>()
  for (const [index, entry] of tokens.entries()) {
    const given = [entry.token, entry.token_sha256].filter((value) => value !== undefined).length
    if (entry.token !== undefined && entry.token.length < SHORTEST) {
      findings.push({ path: `${path}.tokens[${index}].token`, severity: 'warning', message: `A key of ${entry.token.length} characters can be guessed; use at least ${SHORTEST} random ones.` })
    } else if (entry.token !== undefined && new Set(entry.token).size < DIFFERENT) {
      findings.push({ path: `${path}.tokens[${index}].token`, severity: 'warning', message: `A key of fewer than ${DIFFERENT} different characters can be guessed; use at least ${SHORTEST} random ones.` })
    }
    if (given !== 1) findings.push({ path: `${path}.tokens[${index}]`, message: `A token needs exactly one of token and token_sha256; this one has ${given === 0 ? 'neither' : 'both'}.` })
    else {
      const digest = tokenDigest(entry).toString('hex')
      if (digest === EMPTY) findings.push({ path: `${path}.tokens[${index}].token_sha256`, message: 'This is the SHA-256 of an empty key, which every request would have. Put in that of a key of yours.' })
      const earlier = seen.get(digest)
      if (earlier === undefined) seen.set(digest, index)
      else findings.push({ path: `${path}.tokens[${index}]`, message: `This is the same key as number ${earlier + 1} of the list.` })
    }
  }
  return findings
}

function judgeProxies ({ pvc }: ApiConfigFile): Finding[] {
  const path = 'pvc.api.trusted_proxies'
  const list = pvc.api.trusted_proxies
  const wrong = list.flatMap((text, index): Finding[] => networkOf(text) === null
    ? [{ path: `${path}[${index}]`, message: `"${text}" is not an address or a network; write for example 127.0.0.1 or 10.0.0.0/8.` }]
    : [])
  if (wrong.length > 0) return wrong
  const versions = universal(list)
  return versions.length === 0
    ? []
    : [{ path, severity: 'warning', message: `This holds every address of ${versions.join(' and ')}: every client is believed what it says in X-Forwarded-For, -Host, -Proto and -Prefix, can thus take any address in the audit log and any origin, and is exempt from the limits by address. Name the addresses of your proxies alone.` }]
}

function judgeHostnames ({ pvc }: ApiConfigFile): Finding[] {
  return pvc.api.hostnames.flatMap((text, index) => hostOfSetting(text) === null
    ? [{ path: `pvc.api.hostnames[${index}]`, message: `"${text}" is not a host name or an address; write it without scheme, port and path, for example pvc.example.com.` }]
    : [])
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
      return readConfigFile(file)
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error
      return { path, message: `${error.message}.` }
    }
  }
  const cert = read('cert_file')
  const key = read('key_file')
  if (!Buffer.isBuffer(cert) || !Buffer.isBuffer(key)) return [cert, key].filter((result): result is Finding => !Buffer.isBuffer(result))
  try {
    for (const [name, text] of [['cert_file', cert], ['key_file', key]] as const) checkWhole(text, name)
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
    createSecureContext({ ca: readConfigFile(file) })
    certificatesIn(file)
    return []
  } catch (error) {
    return [{ path, message: error instanceof UnreadableFile ? `${error.message}.` : `${file} holds no certificates that can be used (${error instanceof Error ? error.message : String(error)}); give those of the authorities, PEM.` }]
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
