/**
 * The daemons' log: one JSON object a line on stdout, time from the injected clock.
 *
 * Guarantees: a log call never waits for the reader of stdout (see `log-destination.ts`); the secrets named in `secretNames` never appear, at any of the
 * first four levels of a logged object; a key stands once in a line; a fault that lasts is one line at its start and one at its end, however often it
 * was hit. Does not look for secrets inside messages: those are fixed sentences.
 */
import { hostname } from 'node:os'
import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { isJournal, LogDestination, METADATA } from './log-destination.ts'
import type { LogTail } from './log-tail.ts'

export type { Logger } from 'pino'

/** The levels `log_level` may name, least to most severe; `silent` logs nothing. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = typeof logLevels[number]

/** Whether a log of this level has the lines that say who asked for what, and what was done: these are of the level `info`. */
export const showsDeeds = (level: LogLevel): boolean => logLevels.indexOf(level) <= logLevels.indexOf('info')

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
  /** Where the lines go; without one they go to `tail` alone. */
  readonly destination?: DestinationStream
  /** Fields of each line. */
  readonly fields?: Readonly<Record<string, string>>
  /** Gets each line as well. */
  readonly tail?: LogTail
}

/** Keys that the logger writes itself. */
const ownKeys = ['level', 'time', 'pid', 'hostname', 'name', 'msg'] as const

export function createLogger (options: LogOptions): Logger {
  const { tail, destination, fields = {} } = options
  const taken = new Set<string>([...ownKeys, ...Object.keys(fields)])
  const settings = {
    base: { pid: process.pid, hostname: hostname(), name: options.name, ...fields },
    level: options.level,
    timestamp: () => `,"time":"${options.clock.wall()}"`,
    formatters: {
      level: (label: string) => ({ level: label }),
      // A key that stood twice would be one value to some readers and the other to others.
      log: (line: Record<string, unknown>) => Object.keys(line).some((key) => taken.has(key))
        ? Object.fromEntries(Object.entries(line).map(([key, value]) => [taken.has(key) ? `${key}_` : key, value]))
        : line,
    },
    redact: { paths: secretPaths(), censor: '[hidden]' },
  }
  if (tail === undefined) return pino(settings, destination ?? { write: () => {} })
  const both = {
    [METADATA]: true,
    lastLevel: 30,
    write (line: string) {
      if (destination instanceof LogDestination) destination.lastLevel = both.lastLevel
      destination?.write(line)
      tail.write(line)
    },
  }
  return pino(settings, both)
}

/**
 * Stdout as a destination, flushed within a bound when the process ends, however it ends by itself.
 * @param env of this process: with JOURNAL_STREAM naming stdout, lines begin with their priority
 */
export function stdoutDestination (name: LogOptions['name'], clock: Clock, env: Readonly<Record<string, string | undefined>>): LogDestination {
  const destination = new LogDestination({
    clock,
    fd: 1,
    dropNotice: (count) => `${JSON.stringify({ level: 'warn', time: clock.wall(), pid: process.pid, name, dropped: count, msg: 'log lines were dropped, because stdout did not take them' })}\n`,
    withPriority: isJournal(1, env['JOURNAL_STREAM']),
  })
  process.on('exit', () => { destination.flush() })
  return destination
}

/** One condition that can be wrong for a while: says so once, counts the repeats, says when it is over. */
export class Episode {
  readonly #log: Pick<Logger, 'warn' | 'info'>
  readonly #clock: Clock
  #begun: number | undefined
  #cause: string | undefined
  #repeats = 0

  constructor (log: Pick<Logger, 'warn' | 'info'>, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Whether it is wrong at present. */
  get open (): boolean {
    return this.#begun !== undefined
  }

  /**
   * It is wrong: one warning at the start of the episode, and one whenever its cause is found to be another; silence (and a count) until `over`.
   * @param cause a word for it, where it has been found
   */
  fault (message: string, fields: object = {}, cause?: string): void {
    if (this.#begun !== undefined && (cause === undefined || this.#cause === cause)) {
      this.#repeats++
      return
    }
    this.#begun ??= this.#clock.monotonic()
    this.#cause = cause
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
