/**
 * The certificate that is served: when the first of its chain expires, told to Prometheus, and to the log at the start, at each reload and once a day
 * as soon as that is near.
 */
import type { Gauge } from 'prom-client'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { ConfigProblem } from '../../runtime/config/config-problem.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { certificatesIn } from '../access/client-certificates.ts'

const DAY = 86_400_000
/** Days before its end from which on a certificate is worth a warning. */
const NEAR = 14

/** When every certificate of a chain is valid, milliseconds since 1970. */
export interface Period {
  readonly from: number
  readonly until: number
}

/** The first certificate of a chain, and when all of it is valid. */
export interface Validity extends Period {
  readonly subject: string
  /** SHA-256. */
  readonly fingerprint: string
  /** The fingerprints of the rest of the chain. */
  readonly issuers: string
}

/** The validity of the chain in `file`; null if it holds no certificate that can be read. */
export function validityOf (file: string): Validity | null {
  try {
    const chain = certificatesIn(file)
    const [own, ...rest] = chain
    if (own === undefined) return null
    return { subject: own.subject.replaceAll('\n', ', '), fingerprint: own.fingerprint256, issuers: rest.map(({ fingerprint256 }) => fingerprint256).join(' '), from: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))), until: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))) }
  } catch {
    // Whether it can be served is judged with the rest of the configuration.
    return null
  }
}

/** Why clients refuse a certificate now, or null. */
export function invalidSentence (file: string, { from, until }: Period, now: number): string | null {
  if (until <= now) return `The certificate in ${file} expired at ${new Date(until).toISOString()}: clients refuse it. Replace it and send SIGHUP.`
  if (from > now) return `The certificate in ${file} is valid from ${new Date(from).toISOString()} on: clients refuse it until then. Replace it and send SIGHUP, or set the clock.`
  return null
}

/** What is to be said of a certificate, or null while there is time. */
export function validitySentence (file: string, validity: Period, now: number): string | null {
  const days = (validity.until - now) / DAY
  const near = days > NEAR ? null : `The certificate in ${file} expires at ${new Date(validity.until).toISOString()}, in ${Math.floor(days) === 1 ? 'a day' : `${Math.floor(days)} days`}. Replace it and send SIGHUP.`
  return invalidSentence(file, validity, now) ?? near
}

/** The same as a warning of a configuration. */
export function certificateProblems (configFile: string, certFile: string | undefined, now: number): readonly ConfigProblem[] {
  const validity = certFile === undefined ? null : validityOf(certFile)
  const message = certFile === undefined || validity === null ? null : validitySentence(certFile, validity, now)
  return message === null ? [] : [{ code: 'certificate_expires', severity: 'warning', file: configFile, line: 0, column: 0, path: 'pvc.api.ssl.cert_file', message }]
}

export interface CertificateWatchOptions {
  readonly certFile: string
  readonly clock: Clock
  readonly log: Logger
  readonly gauge: Gauge
}

export class CertificateWatch implements Disposable {
  readonly #options: CertificateWatchOptions
  #file: string
  #validity: Validity | null = null
  #timer: Timer | null = null

  constructor (options: CertificateWatchOptions) {
    this.#options = options
    this.#file = options.certFile
    this.renewed(options.certFile)
  }

  /** Another certificate is served from now on. */
  renewed (certFile: string): void {
    this.#file = certFile
    this.#validity = validityOf(certFile)
    if (this.#validity !== null) this.#options.gauge.set(this.#validity.until / 1_000)
    this.#look()
  }

  [Symbol.dispose] (): void { this.#timer?.[Symbol.dispose]() }

  #look (): void {
    const { clock, log } = this.#options
    const validity = this.#validity
    const sentence = validity === null ? null : validitySentence(this.#file, validity, Date.parse(clock.wall()))
    if (sentence !== null) log.warn({ code: 'certificate_expires', expires: new Date(validity?.until ?? 0).toISOString() }, sentence)
    this.#timer?.[Symbol.dispose]()
    this.#timer = clock.after(DAY, () => this.#look())
  }
}
