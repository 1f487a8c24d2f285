/**
 * The application's log, as the framework is to have it: the child that it asks for at each request is made only once something is logged, which
 * most requests never do.
 */
import type { FastifyBaseLogger } from 'fastify'

type Bindings = Parameters<FastifyBaseLogger['child']>[0]
type ChildLoggerOptions = Parameters<FastifyBaseLogger['child']>[1]

class RequestLog {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: ChildLoggerOptions
  #made: FastifyBaseLogger | null = null

  constructor (parent: FastifyBaseLogger, bindings: Bindings, options: ChildLoggerOptions) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get log (): FastifyBaseLogger {
    this.#made ??= this.#parent.child(this.#bindings, this.#options)
    return this.#made
  }

  get level (): string { return this.log.level }
  set level (level: string) { this.log.level = level }
}

/** Everything that a log can be told. */
const methods = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent', 'child', 'isLevelEnabled'] as const
for (const name of methods) {
  Object.defineProperty(RequestLog.prototype, name, {
    value (this: RequestLog, ...told: unknown[]): unknown {
      const log = this.log as unknown as Record<string, (...told: unknown[]) => unknown>
      return log[name]?.(...told)
    },
  })
}

/** `log`, whose level stays its own, with such children. */
export function requestLogs (log: FastifyBaseLogger): FastifyBaseLogger {
  const child = (bindings: Bindings, options: ChildLoggerOptions): FastifyBaseLogger => new RequestLog(log, bindings, options) as unknown as FastifyBaseLogger
  return Object.create(log, { child: { value: child } }) as FastifyBaseLogger
}
