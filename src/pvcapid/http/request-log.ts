/**
 * The application's log, as the framework is to have it: the child that it asks for at each request, and that child's children, are made only
 * once something is logged, which most requests never do.
 */
import type { FastifyBaseLogger } from 'fastify'

type Bindings = Parameters<FastifyBaseLogger['child']>[0]
type ChildLoggerOptions = Parameters<FastifyBaseLogger['child']>[1]

class RequestLog {
  readonly #root: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: ChildLoggerOptions
  #made: FastifyBaseLogger | null = null

  constructor (root: FastifyBaseLogger, bindings: Bindings, options: ChildLoggerOptions) {
    this.#root = root
    this.#bindings = bindings
    this.#options = options
  }

  get log (): FastifyBaseLogger {
    this.#made ??= this.#root.child(this.#bindings, this.#options)
    return this.#made
  }

  get level (): string { return this.log.level }
  set level (level: string) { this.log.level = level }

  /** Of the application's log as it is by then, not of what may have been made here before its level was changed. */
  child (bindings: Bindings, options: ChildLoggerOptions): FastifyBaseLogger {
    return requestLog(this.#root, { ...this.#bindings, ...bindings }, { ...this.#options, ...options })
  }
}

const requestLog = (root: FastifyBaseLogger, bindings: Bindings, options: ChildLoggerOptions): FastifyBaseLogger =>
  new RequestLog(root, bindings, options) as unknown as FastifyBaseLogger

/** Everything that a log can be told. */
const methods = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent', 'isLevelEnabled'] as const
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
  return Object.create(log, { child: { value: (bindings: Bindings, options: ChildLoggerOptions) => requestLog(log, bindings, options) } }) as FastifyBaseLogger
}
