/**
 * What may not happen at a reload: that a file which was cut, or half edited, leaves the API weaker than it runs. A file that switches
 * authentication, HTTPS or the log of writes off, asks less of clients, or has a certificate that they refuse, takes effect by a restart alone, which an operator has to
 * want.
 */
import { readConfigText } from '../runtime/config/config-file.ts'
import type { ConfigProblem } from '../runtime/config/config-problem.ts'
import { showsDeeds } from '../runtime/log/log.ts'
import { certificatesIn } from './access/client-certificates.ts'
import type { ApiConfig } from './config/api-config.ts'
import { invalidSentence, validityOf, type Validity } from './http/certificate.ts'

export interface ConfigFile {
  readonly config: ApiConfig
  /** Warnings of the file. */
  readonly problems: readonly ConfigProblem[]
  /** Whether its last line ends as a line does. */
  readonly isWhole: boolean
  /** Of the certificate, as it was when the file was read: another may have been written to its place since. Null without one. */
  readonly validity: Validity | null
  /** What is said of the authorities whose client certificates are taken, by fingerprint, as their file was by then; empty without such a file. */
  readonly authorities: ReadonlyMap<string, string>
}

/** `config` with what its files hold at present. */
export const configFile = (file: string, config: ApiConfig, problems: readonly ConfigProblem[]): ConfigFile =>
  ({ config, problems, isWhole: isWhole(file), validity: config.tls === undefined ? null : validityOf(config.tls.certFile), authorities: authoritiesIn(config.tls?.clientCaFile) })

/** Whether the file's last line is one; false also if it cannot be read. */
function isWhole (file: string): boolean {
  try {
    return readConfigText(file).endsWith('\n')
  } catch {
    // What is wrong with it was said when it was loaded.
    return false
  }
}

function authoritiesIn (file: string | undefined): ReadonlyMap<string, string> {
  try {
    const found = file === undefined ? [] : certificatesIn(file)
    return new Map(found.map(({ fingerprint256, subject, validTo }) => [fingerprint256, `authority of client certificates ${JSON.stringify(subject.replaceAll('\n', ', '))}, until ${new Date(validTo).toISOString()},`]))
  } catch {
    // Whether it can be used is judged with the rest of the configuration.
    return new Map()
  }
}

/** What of `next` is in force after a reload: HTTPS and what it demands of clients wait for a restart. What waits may be taken back. */
export function inForce (started: ApiConfig, next: ConfigFile): ConfigFile {
  const { tls } = next.config
  if (started.tls === undefined || tls === undefined) return { ...next, config: { ...next.config, tls: undefined }, validity: null, authorities: new Map() }
  const { clientCaFile, requireClientCertificate = false, ...rest } = tls
  if (started.tls.clientCaFile === undefined || clientCaFile === undefined) return { ...next, config: { ...next.config, tls: rest }, authorities: new Map() }
  const isRequired = requireClientCertificate && started.tls.requireClientCertificate === true
  return { ...next, config: { ...next.config, tls: { ...rest, clientCaFile, requireClientCertificate: isRequired } } }
}

/**
 * Every reason why `next` may not take the place of `running`, in sentences; none if it may.
 * @param now milliseconds since 1970
 */
export function weakenings (running: ConfigFile, next: ConfigFile, now: number): readonly string[] {
  const found: string[] = []
  if (running.config.tokens !== undefined && next.config.tokens === undefined) found.push('Authentication is on and would go off: pvc.api.authentication.enabled is not true in the file.')
  if (running.config.tls !== undefined && next.config.tls === undefined) found.push('HTTPS is on and would go off: pvc.api.ssl.enabled is not true in the file.')
  const [before, after] = [running.config.tls, next.config.tls]
  if (before !== undefined && after !== undefined) {
    if (before.minVersion > after.minVersion) found.push(`${before.minVersion} is the oldest version of TLS that is taken and would be ${after.minVersion}: pvc.api.ssl.min_version.`)
    if (before.clientCaFile !== undefined && after.clientCaFile === undefined) found.push('Clients are asked for a certificate and would not be any more: pvc.api.ssl.client_ca_file is not in the file.')
    if (before.requireClientCertificate === true && after.requireClientCertificate !== true) found.push('A client certificate is required and would not be any more: pvc.api.ssl.require_client_certificate is not true in the file.')
  }
  if (isNonEmpty(running.config.tokens) && next.config.tokens?.length === 0) found.push('There are keys and would be none: pvc.api.authentication.tokens is empty in the file.')
  if (isNonEmpty(running.config.clientCertificates) && !isNonEmpty(next.config.clientCertificates)) found.push('There are client certificates that are taken and would be none: pvc.api.authentication.client_certificates is empty in the file.')
  if (showsDeeds(running.config.logLevel) && !showsDeeds(next.config.logLevel)) found.push(`The log says who asked for which write and would not any more: pvc.log_level is ${next.config.logLevel} in the file.`)
  if (running.isWhole && !next.isWhole) found.push('The file seems to be cut: it does not end with a line break any more.')
  const refused = next.validity === null ? null : invalidSentence(after?.certFile ?? '', next.validity, now)
  // One that clients refuse already is not made worse by another.
  if (refused !== null && running.validity !== null && invalidSentence('', running.validity, now) === null) found.push(refused)
  return [...found, ...guessableKeys(running, next)]
}

/** Where the file has the keys and client certificates that are in use and would allow more than they do: that is for an operator to see. */
export function widened (running: ApiConfig, next: ApiConfig): readonly string[] {
  const path = 'pvc.api.authentication'
  const keys = (next.tokens ?? []).map(({ role, digest }, index) => ({ at: `${path}.tokens[${index}]`, role, before: running.tokens?.find((token) => token.digest.equals(digest))?.role }))
  const certificates = (next.clientCertificates ?? []).map(({ role, subject }, index) => ({ at: `${path}.client_certificates[${index}]`, role, before: running.clientCertificates?.find((each) => each.subject === subject)?.role }))
  return [...keys, ...certificates].filter(({ role, before }) => role === 'operate' && before === 'read').map(({ at }) => at)
}

/** For the log, where a reload has changed nothing. */
export const AS_BEFORE = 'keys, certificates, authorities of clients, min_version and log level are as before'

/**
 * The changes that a reload has put in force, in words for the log; empty if there are none.
 * @param next as `inForce` gives it
 */
export function changes (running: ConfigFile, next: ConfigFile): readonly string[] {
  const keys = ({ config: { tokens = [] } }: ConfigFile) => new Map(tokens.map(({ digest, role, description }) => [digest.toString('hex'), `key ${JSON.stringify(description)} (${role})`]))
  const subjects = ({ config: { clientCertificates = [] } }: ConfigFile) => new Map(clientCertificates.map(({ subject, role, description }) => [subject, `client certificate ${JSON.stringify(subject)} (${role}${description === subject ? '' : `, ${JSON.stringify(description)}`})`]))
  const isOn = running.config.tokens === undefined && next.config.tokens !== undefined
  const found = [...isOn ? ['authentication is on'] : [], ...differences(keys(running), keys(next)), ...differences(subjects(running), subjects(next)), ...differences(running.authorities, next.authorities)]
  const { validity } = next
  if (validity !== null && validity.fingerprint !== running.validity?.fingerprint) found.push(`certificate of ${JSON.stringify(validity.subject)}, until ${new Date(validity.until).toISOString()}`)
  else if (validity !== null && validity.issuers !== running.validity?.issuers) found.push(`certificates of the issuers of ${JSON.stringify(validity.subject)}, until ${new Date(validity.until).toISOString()}`)
  const [before, after] = [running.config.tls?.minVersion, next.config.tls?.minVersion]
  if (before !== undefined && after !== undefined && before !== after) found.push(`oldest version of TLS ${after}, was ${before}`)
  if (running.config.logLevel !== next.config.logLevel) found.push(`log level ${next.config.logLevel}, was ${running.config.logLevel}`)
  return found
}

const differences = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] => [
  ...[...after].filter(([id]) => !before.has(id)).map(([, text]) => `${text} added`),
  ...[...before].filter(([id]) => !after.has(id)).map(([, text]) => `${text} removed`),
  ...[...after].filter(([id, text]) => before.has(id) && before.get(id) !== text).map(([id, text]) => `${text}, was ${before.get(id)}`),
]

const isNonEmpty = (list: readonly unknown[] | undefined): boolean => list !== undefined && list.length > 0

/** A key that was cut short is a key that is easily guessed. Those that are in use already stay as they are. */
function guessableKeys (running: ConfigFile, next: ConfigFile): readonly string[] {
  return next.problems.flatMap(({ path, message }) => {
    const index = /^pvc\.api\.authentication\.tokens\[(\d+)\]\.token$/.exec(path)?.[1]
    const added = index === undefined ? undefined : next.config.tokens?.[Number(index)]
    return added === undefined || running.config.tokens?.some(({ digest }) => digest.equals(added.digest)) === true ? [] : [`${path}: ${message}`]
  })
}
