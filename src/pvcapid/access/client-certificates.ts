/**
 * Client certificates that authenticate as keys do: what a connection's certificate allows, by its subject.
 *
 * Guarantees: only a certificate that the TLS handshake has verified counts, and only while it is valid and its root is among the present
 * roots: a connection that was opened under roots that are gone counts as one without a certificate. A subject is compared as a whole.
 */
import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { Clock } from '../../runtime/clock.ts'
import { readConfigFile } from '../../runtime/config/config-file.ts'
import type { ClientCertificate } from '../config/api-config.ts'

/** A type and a value, as `CN=ops`. */
const ATTRIBUTE = /^([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=\s*(\S.*)$/
const LONGEST_CHAIN = 10
/** Characters of a subject that an error repeats. */
export const REPEATED = 500

/** The parts of a subject, split where `separator` matches outside an escape; null if one of them is none. */
function attributes (text: string, separator: RegExp): readonly string[] | null {
  const found: string[] = []
  for (const part of text.split(separator)) {
    const [, type, value] = ATTRIBUTE.exec(part.trim()) ?? []
    if (type === undefined || value === undefined) return null
    found.push(`${type.toUpperCase()}=${value}`)
  }
  return found
}

/** In an order that does not depend on which end it was written from: programs differ in that. */
const ordered = (parts: readonly string[]): string => [parts.join(','), parts.toReversed().join(',')].toSorted()[0] ?? ''

/** A subject of the configuration, as `CN=ops,O=Example`, in the form in which subjects are compared; null if it is none. */
export function subjectOf (text: string): string | null {
  const parts = attributes(text, /(?<!\\),/)
  return parts === null ? null : ordered(parts)
}

/** Throws if a PEM text is cut off: the libraries leave out a block without an end, and a bundle would have lost an authority. */
export function checkWhole (pem: Buffer, name: string): void {
  const text = pem.toString('latin1')
  const [begun, whole] = [/-----BEGIN [^\n]*-----/g, /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g].map((blocks) => text.match(blocks)?.length ?? 0)
  if (begun !== whole) throw new Error(`${name} is cut off: ${begun} blocks begin in it and ${whole} end`)
}

/** The certificates of a PEM file. Throws if one of them cannot be read, or there is none. */
export function certificatesIn (file: string): readonly X509Certificate[] {
  const pem = readConfigFile(file)
  checkWhole(pem, file)
  const blocks = pem.toString('latin1').match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new Error('there is no certificate in it')
  return blocks.map((block) => new X509Certificate(block))
}

/** What a connection has shown. */
interface Shown {
  readonly subject: string
  /** As in the certificate, for people. */
  readonly text: string
  /** Milliseconds since 1970. */
  readonly until: number
  /** The fingerprints of its chain, as far as that is known. */
  readonly chain: readonly string[]
  /** The roots of the session that it resumes, which has no chain; null for one of its own. */
  readonly resumed: Roots | null
}

type Roots = ReadonlySet<string>

export interface ClientCertificatesOptions {
  readonly caFile: string
  readonly known: readonly ClientCertificate[]
  readonly clock: Pick<Clock, 'wall'>
}

export class ClientCertificates {
  readonly #clock: Pick<Clock, 'wall'>
  readonly #shown = new WeakMap<object, Shown>()
  /** Why a connection's certificate was not verified, for people. */
  readonly #unverified = new WeakMap<object, string>()
  #roots: Roots
  #known: ReadonlyMap<string, ClientCertificate>

  /** Throws if the file cannot be used. */
  constructor ({ caFile, known, clock }: ClientCertificatesOptions) {
    this.#clock = clock
    this.#roots = rootsOf(caFile)
    this.#known = bySubject(known)
  }

  /** Reads other roots and subjects, which are in force once the answer is called. Throws if the file cannot be used. */
  prepare (caFile: string, known: readonly ClientCertificate[]): () => void {
    const roots = rootsOf(caFile)
    return () => {
      this.#known = bySubject(known)
      // Equal ones stay the same object, so that resumed sessions stay good.
      if (roots.size !== this.#roots.size || [...roots].some((root) => !this.#roots.has(root))) this.#roots = roots
    }
  }

  /** The handshake of a connection is done. */
  connected (socket: TLSSocket): void {
    const certificate = socket.getPeerX509Certificate()
    if (certificate === undefined) return
    const parts = attributes(certificate.subject, /\n/)
    if (!socket.authorized || parts === null) {
      const reason = socket.authorized ? 'its subject cannot be read' : `it was not verified (${String(socket.authorizationError)})`
      this.#unverified.set(socket, `${JSON.stringify(certificate.subject.replaceAll('\n', ',').slice(0, REPEATED))}: ${reason}`)
      return
    }
    this.#shown.set(socket, {
      subject: ordered(parts),
      text: parts.toReversed().join(','),
      until: Date.parse(certificate.validTo),
      chain: chainOf(socket.getPeerCertificate(true)),
      resumed: socket.isSessionReused() ? this.#roots : null,
    })
  }

  /** Whom the certificate of a connection stands for; null if it has shown none that counts. */
  of (socket: object): ClientCertificate | null {
    const shown = this.#counting(socket)
    return shown === null ? null : this.#known.get(shown.subject) ?? null
  }

  /** The subject of a connection's certificate, if that counts, for people. */
  subjectOf (socket: object): string | null {
    return this.#counting(socket)?.text ?? null
  }

  /** The subject of the certificate that a connection has shown, and why it does not count; null if it counts, or there is none. */
  refusalOf (socket: object): string | null {
    const shown = this.#shown.get(socket)
    if (shown === undefined) return this.#unverified.get(socket) ?? null
    if (this.#counting(socket) !== null) return null
    const reason = shown.until <= Date.parse(this.#clock.wall()) ? `it has expired (${new Date(shown.until).toISOString()})` : 'its authority is not in pvc.api.ssl.client_ca_file any more; connect again'
    return `${JSON.stringify(shown.text.slice(0, REPEATED))}: ${reason}`
  }

  #counting (socket: object): Shown | null {
    const shown = this.#shown.get(socket)
    if (shown === undefined || shown.until <= Date.parse(this.#clock.wall())) return null
    return shown.resumed === this.#roots || shown.chain.some((fingerprint) => this.#roots.has(fingerprint)) ? shown : null
  }
}

const rootsOf = (file: string): Roots => new Set(certificatesIn(file).map(({ fingerprint256 }) => fingerprint256))
const bySubject = (known: readonly ClientCertificate[]) => new Map(known.map((entry) => [entry.subject, entry]))

function chainOf (leaf: DetailedPeerCertificate): readonly string[] {
  const found: string[] = []
  // The root is its own issuer.
  for (let at: DetailedPeerCertificate | undefined = leaf; at !== undefined && found.length < LONGEST_CHAIN && !found.includes(at.fingerprint256); at = at.issuerCertificate) found.push(at.fingerprint256)
  return found
}
