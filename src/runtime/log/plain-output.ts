/**
 * Text of a command for the person who started it, on standard output and standard error.
 *
 * Guarantees: as `LogDestination`, no write waits for a reader. Text that is not read within the bound at the end of the process is lost; the exit status
 * is the same as with a reader. A standard output that cannot be written, as on a full disk, is said on standard error, with an exit status of its own. End the process with `process.exit`: unread text would keep it alive.
 */
import type { Clock } from '../clock.ts'
import { LogDestination } from './log-destination.ts'
import { OutputKeeper } from './standard-output.ts'

export interface PlainOutput {
  /** To standard output. */
  readonly say: (text: string) => void
  /** To standard error. */
  readonly complain: (text: string) => void
}

/**
 * @param program its name, at the beginning of what is said of a lost output
 * @param lost the exit status then, instead of 0
 */
export function plainOutput (program: string, lost: number, clock: Clock): PlainOutput {
  const complain = writerTo(2, clock)
  const keeper = new OutputKeeper({ complain: (sentence) => complain(`${program}: ${sentence}\n`), status: () => lost })
  return { say: writerTo(1, clock, keeper), complain }
}

/** Opened with the first text: most processes have nothing to say here. */
function writerTo (fd: number, clock: Clock, keeper?: OutputKeeper): (text: string) => void {
  let destination: LogDestination | null = null
  return (text) => {
    if (destination === null) {
      const made = new LogDestination({ clock, fd, dropNotice: () => '', onLost: (error) => keeper?.lost(error) })
      process.on('exit', () => {
        made.flush()
        keeper?.end()
      })
      destination = made
    }
    destination.write(text)
  }
}
