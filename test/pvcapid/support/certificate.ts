/** Certificates of our own, made with openssl: for 127.0.0.1, and of clients. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly minVersion: 'TLSv1.2'
}

const CURVE = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

function openssl (words: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl is needed for this test (apt install openssl): ${stderr}`)
}

/**
 * @param name its common name; also that of its files in `folder`
 * @param kind of its key
 */
export function makeCertificate (folder: string, name: string, kind: readonly string[] = CURVE, days = 2): Certificate {
  const certFile = join(folder, `${name}.crt`)
  const keyFile = join(folder, `${name}.key`)
  openssl(['req', '-x509', '-newkey', ...kind, '-nodes', '-days', String(days), '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile])
  return { certFile, keyFile, minVersion: 'TLSv1.2' }
}

/** An authority that signs the certificates of clients. */
export interface Authority extends Certificate {
  /** @param subject as openssl takes it, say `/O=Example/CN=ops` */
  readonly sign: (name: string, subject: string, validity?: readonly string[], extension?: string) => Certificate
}

export const RSA = ['rsa:2048']

/** @param kind of its key, as for `makeCertificate` */
export function makeAuthority (folder: string, name: string, kind?: readonly string[]): Authority {
  const own = makeCertificate(folder, name, kind)
  const sign = (client: string, subject: string, validity: readonly string[] = ['-days', '1'], extension = 'extendedKeyUsage=clientAuth'): Certificate => {
    const [certFile, keyFile, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((suffix) => join(folder, `${client}.${suffix}`)) as [string, string, string, string]
    openssl(['req', '-newkey', ...CURVE, '-nodes', '-subj', subject, '-keyout', keyFile, '-out', request])
    writeFileSync(extensions, extension)
    openssl(['x509', '-req', '-in', request, '-CA', own.certFile, '-CAkey', own.keyFile, '-CAcreateserial', ...validity, '-extfile', extensions, '-out', certFile])
    return { certFile, keyFile, minVersion: 'TLSv1.2' }
  }
  return { ...own, sign }
}
