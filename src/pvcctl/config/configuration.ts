/**
 * What pvcctl is to ask, and with which key: options go before the environment, that before the user's file, and that before the machine's. A key is never
 * an argument, because every user of a machine sees the arguments of its processes.
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Static } from 'typebox'
import { readConfigText, UnreadableFile } from '../../runtime/config/config-file.ts'
import { problemText } from '../../runtime/config/config-problem.ts'
import { exposure } from '../../runtime/config/exposure.ts'
import { loadConfig } from '../../runtime/config/yaml-config.ts'
import type { Arguments } from '../cli/parse.ts'
import { configFiles, defaultApi, settings } from '../cli/table.ts'
import { Failure } from '../output/failure.ts'
import { schema } from './schema.ts'

export interface Tls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface Configuration {
  /** Without a slash at the end, in the order in which they are asked. */
  readonly apis: readonly string[]
  readonly key: string | null
  readonly tls: Tls
  /** Milliseconds that an API may take to answer. */
  readonly patience: number
  /** Sentences about files that others may read. */
  readonly warnings: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>
type File = Static<typeof schema>

const PATIENCE = 5
/** What a header can carry. */
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/**
 * Reads every file that it needs.
 * @throws Failure `usage`
 */
export function configuration (given: Arguments, env: Environment): Configuration {
  const file = fromFiles(given.text('config'), env)
  const warnings: string[] = []
  const guarded = (path: string, what: string): string => {
    const text = exposure(path, what)
    if (text !== null) warnings.push(text)
    return readText(path)
  }
  const setting = (name: 'key_file' | 'ca_file' | 'cert_file' | 'cert_key_file'): string | undefined => {
    const { option, variable } = settings.find((each) => each.name === name) ?? { option: null, variable: null }
    return given.text(option ?? '') ?? (env[variable ?? ''] || file[name])
  }
  const [caFile, certFile, certKeyFile] = [setting('ca_file'), setting('cert_file'), setting('cert_key_file')]
  if ((certFile === undefined) !== (certKeyFile === undefined)) throw new Failure('usage', 'A client certificate needs both its file and that of its private key. Give --cert-file and --cert-key-file.')
  const tls = {
    ...caFile === undefined ? {} : { ca: certificate(caFile, readText(caFile)) },
    ...certFile === undefined || certKeyFile === undefined ? {} : { cert: certificate(certFile, readText(certFile)), key: privateKey(certKeyFile, guarded(certKeyFile, 'is a private key')) },
  }
  const keyFile = given.text('key-file') ?? (env['PVCCTL_KEY'] ? undefined : setting('key_file'))
  const key = keyFile === undefined ? env['PVCCTL_KEY'] || null : guarded(keyFile, 'holds an API key').trim()
  const keyPlace = keyFile ?? 'PVCCTL_KEY'
  if (key !== null && !KEY.test(key)) throw new Failure('usage', `${keyPlace} does not hold an API key: a key is one line of printable ASCII characters. Write the key alone into it.`)
  return { apis: addresses(given, env, file), key, tls, patience: (given.number('api-timeout') ?? file.api_timeout ?? PATIENCE) * 1000, warnings }
}

function addresses (given: Arguments, env: Environment, { api = [defaultApi] }: File): readonly string[] {
  const fromEnvironment = (env['PVCCTL_API'] ?? '').split(',').map((text) => text.trim()).filter((text) => text !== '')
  const asked = [given.list('api'), fromEnvironment, api].find((list) => list.length > 0) ?? []
  return [...new Set(asked.map((text) => {
    const url = URL.canParse(text) ? new URL(text) : null
    if (url === null || !/^https?:$/.test(url.protocol)) throw new Failure('usage', `The address of an API has to be as http://hv1:7370, not "${text}". Correct it in --api, PVCCTL_API or the configuration file.`)
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') throw new Failure('usage', `The address of an API is scheme, host, port and at most a path: ${url.protocol}//${url.host}${url.pathname}. Leave the rest out; a key goes into a key file.`)
    return url.href.replace(/\/+$/, '')
  }))]
}

function fromFiles (named: string | undefined, env: Environment): File {
  const places = named === undefined ? configFiles.map((path) => path.replace(/^~\/\.config/, env['XDG_CONFIG_HOME'] || `${env['HOME'] ?? homedir()}/.config`)).filter((path) => existsSync(path)) : [named]
  return Object.assign({}, ...places.map((path) => {
    const result = loadConfig(path, schema, [])
    if (result.ok) return result.value
    throw new Failure('usage', `The configuration cannot be used: ${result.problems.map((problem) => problemText(problem)).join('; ')}`)
  })) as File
}

function readText (path: string): string {
  try {
    return readConfigText(path)
  } catch (error) {
    if (error instanceof UnreadableFile) throw new Failure('usage', `${path} ${error.reason}. Name another file, or correct its mode.`)
    throw error
  }
}

/** Certificates that cannot be used would else be an error of each connection. */
function certificate (path: string, text: string): string {
  try {
    void new X509Certificate(text)
    return text
  } catch {
    throw new Failure('usage', `${path} does not hold a certificate in PEM. Name a file that begins with -----BEGIN CERTIFICATE-----.`)
  }
}

function privateKey (path: string, text: string): string {
  try {
    createPrivateKey(text)
    return text
  } catch {
    throw new Failure('usage', `${path} does not hold a private key in PEM without a passphrase. Name another file.`)
  }
}
