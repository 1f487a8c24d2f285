/**
 * The certificate that is served: when the first of its chain ends, told to Prometheus, and to the log at the start, at each reload and once a day as
 * soon as that is near.
 */
import type { Gauge } from 'prom-client'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { ConfigProblem } from '../../runtime/config/config-problem.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { certificatesIn } from '../access/client-certificates.ts'

const DAY = 86_400_000
/** Days before its end from which on a certificate is worth a warning. */
const NEAR = 14

/** When the first certificate of the chain in `file` ends, milliseconds since 1970; null if it holds none that can be read. */
export function expiryOf (file: string): number | null {
  try {
    return Math.min(...certificatesIn(file).map(({ validTo }) => Date.parse(validTo)))
  } catch {
    // Whether it can be served is judged with the rest of the configuration.
    return null
  }
}

/** What is to be said of a certificate, or null while there is time. */
export function expirySentence (file: string, expiry: number, now: number): string | null {
  const days = (expiry - now) / DAY
  if (days > NEAR) return null
  const at = new Date(expiry).toISOString()
  return days <= 0
    ? `The certificate in ${file} expired at ${at}: clients refuse it. Replace it and send SIGHUP.`
    : `The certificate in ${file} expires at ${at}, in ${Math.floor(days)} days. Replace it and send SIGHUP.`
}

/** The same as a warning of a configuration. */
export function certificateProblems (configFile: string, certFile: string | undefined, now: number): readonly ConfigProblem[] {
  const expiry = certFile === undefined ? null : expiryOf(certFile)
  const message = certFile === undefined || expiry === null ? null : expirySentence(certFile, expiry, now)
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
  #expiry: number | null = null
  #timer: Timer | null = null

  constructor (options: CertificateWatchOptions) {
    this.#options = options
    this.#file = options.certFile
    this.renewed(options.certFile)
  }

  /** Another certificate is served from now on. */
  renewed (certFile: string): void {
    this.#file = certFile
    this.#expiry = expiryOf(certFile)
    if (this.#expiry !== null) this.#options.gauge.set(this.#expiry / 1_000)
    this.#look()
  }

  [Symbol.dispose] (): void { this.#timer?.[Symbol.dispose]() }

  #look (): void {
    const { clock, log } = this.#options
    const sentence = this.#expiry === null ? null : expirySentence(this.#file, this.#expiry, Date.parse(clock.wall()))
    if (sentence !== null) log.warn({ code: 'certificate_expires', expires: new Date(this.#expiry ?? 0).toISOString() }, sentence)
    this.#timer?.[Symbol.dispose]()
    this.#timer = clock.after(DAY, () => this.#look())
  }
}
