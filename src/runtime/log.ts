/**
 * The daemons' log: one JSON object a line on stdout, time from the injected clock.
 *
 * Guarantees: the secrets named in `secretNames` never appear, at any of the first four levels of a logged object; a
 * fault that lasts is one line at its start and one at its end, however often it was hit. Does not look for secrets
 * inside messages: those are fixed sentences.
 */
import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type { Clock } from './clock.ts'
import type { LogTail } from './log-tail.ts'

export type { Logger } from 'pino'

/** The levels `log_level` may name, least to most severe; `silent` logs nothing. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = typeof logLevels[number]

/** Field names whose values are never logged. HTTP header names are lower case, as Node gives them. */
export const secretNames = ['token', 'token_sha256', 'tokenSha256', 'authorization', 'x-api-key', 'ipmipassword', 'password'] as const

const deepest = 4

function secretPaths (): string[] {
  return secretNames.flatMap((name) =>
    Array.from({ length: deepest }, (_, depth) => `${Array(depth).fill('*').join('.')}["${name}"]`))
}

export interface LogOptions {
  /** Which daemon speaks: the field `name` of each line. */
  readonly name: 'pvcapid' | 'pvcnoded'
  readonly level: LogLevel
  readonly clock: Clock
  /** Where the lines go; stdout unless told. */
  readonly destination?: DestinationStream
  /** Gets each line as well. */
  readonly tail?: LogTail
}

export function createLogger (options: LogOptions): Logger {
  const settings = {
    name: options.name,
    level: options.level,
    timestamp: () => `,"time":"${options.clock.wall()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretPaths(), censor: '[hidden]' },
  }
  const { tail, destination = pino.destination({ fd: 1, sync: true }) } = options
  if (tail === undefined) return pino(settings, destination)
  return pino(settings, {
    write: (line) => {
      destination.write(line)
      tail.write(line)
    },
  })
}

/** One condition that can be wrong for a while: says so once, counts the repeats, says when it is over. */
export class Episode {
  readonly #log: Pick<Logger, 'warn' | 'info'>
  readonly #clock: Clock
  #begun: number | undefined
  #repeats = 0

  constructor (log: Pick<Logger, 'warn' | 'info'>, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Whether it is wrong at present. */
  get open (): boolean {
    return this.#begun !== undefined
  }

  /** It is wrong: one warning at the start of the episode, silence (and a count) until `over`. */
  fault (message: string, fields: object = {}): void {
    if (this.#begun !== undefined) {
      this.#repeats++
      return
    }
    this.#begun = this.#clock.monotonic()
    this.#log.warn(fields, message)
  }

  /** It is right again: one line with `lasted` (seconds) and `repeats` if an episode was open, else nothing. */
  over (message: string, fields: object = {}): void {
    if (this.#begun === undefined) return
    const lasted = Math.round(this.#clock.monotonic() - this.#begun) / 1000
    this.#log.info({ ...fields, lasted, repeats: this.#repeats }, message)
    this.#begun = undefined
    this.#repeats = 0
  }
}
