/** A certificate of our own for 127.0.0.1, made with openssl. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly minVersion: 'TLSv1.2'
}

/** @param name its common name; also that of its files in `folder` */
export function makeCertificate (folder: string, name: string): Certificate {
  const certFile = join(folder, `${name}.crt`)
  const keyFile = join(folder, `${name}.key`)
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl is needed for this test (apt install openssl): ${stderr}`)
  return { certFile, keyFile, minVersion: 'TLSv1.2' }
}
