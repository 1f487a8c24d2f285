/**
 * Talks to systemd as sd_notify(3) describes, through `systemd-notify`: Node has no datagram sockets of the Unix kind. Without a NOTIFY_SOCKET
 * nothing is said.
 *
 * Invariant: the watchdog is fed from the main loop alone, and only while `sound` answers true: a daemon that stands still, or must not continue, is
 * ended by systemd.
 */
import type { Clock, Timer } from '../clock.ts'
import type { CommandRunner } from './command.ts'
import { failureOf } from './command-report.ts'
import { Episode, type Logger } from '../log/log.ts'

export interface ServiceManagerOptions {
  readonly clock: Clock
  readonly commands: CommandRunner
  readonly log: Logger
  /** Of this process: NOTIFY_SOCKET, and WATCHDOG_USEC and WATCHDOG_PID where a watchdog is wanted. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  readonly sound: () => boolean
}

/** Characters of a status at most. */
const STATUS = 500
/** Milliseconds that one message may take. */
const PATIENCE = 5_000

export class ServiceManager implements Disposable {
  readonly #options: ServiceManagerOptions
  readonly #failure: Episode
  #timer: Timer | null = null

  constructor (options: ServiceManagerOptions) {
    this.#options = options
    this.#failure = new Episode(options.log, options.clock)
  }

  /** Started; the watchdog is fed from now on. */
  ready (): void {
    void this.#say('READY=1')
    const interval = this.#watchdogInterval()
    if (interval !== null) this.#feedAfter(interval)
  }

  /** What this daemon does or waits for, in one line, for `systemctl status`. */
  status (text: string): void {
    void this.#say(`STATUS=${text.replace(/[\r\n]+/g, ' ').slice(0, STATUS)}`)
  }

  stopping (): void {
    void this.#say('STOPPING=1')
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
  }

  /** Half of the time after which systemd acts, as it recommends; null where none is set for this very process. */
  #watchdogInterval (): number | null {
    const { env, pid } = this.#options
    const microseconds = Number(env['WATCHDOG_USEC'])
    const ours = (env['WATCHDOG_PID'] ?? String(pid)) === String(pid)
    return ours && microseconds > 0 ? microseconds / 2_000 : null
  }

  #feedAfter (interval: number): void {
    this.#timer = this.#options.clock.after(interval, () => {
      if (this.#options.sound()) void this.#say('WATCHDOG=1')
      this.#feedAfter(interval)
    })
  }

  async #say (word: string): Promise<void> {
    const { env, commands } = this.#options
    const socket = env['NOTIFY_SOCKET']
    if (socket === undefined || socket === '') return
    const outcome = await commands.run({ argv: ['systemd-notify', word], env: { NOTIFY_SOCKET: socket }, timeout: PATIENCE })
    if (outcome.kind === 'exited' && outcome.code === 0) this.#failure.over('systemd can be told again')
    else this.#failure.fault('systemd could not be told how this daemon is', { failure: failureOf(outcome, PATIENCE) })
  }
}
