/**
 * Text of a command for the person who started it, on standard output and standard error.
 *
 * Guarantees: as `LogDestination`, no write waits for a reader. Text that is not read within the bound at the end of the process is lost; the exit status
 * is the same as with a reader. End the process with `process.exit`: unread text would keep it alive.
 */
import type { Clock } from '../clock.ts'
import { LogDestination } from './log-destination.ts'

export interface PlainOutput {
  /** To standard output. */
  readonly say: (text: string) => void
  /** To standard error. */
  readonly complain: (text: string) => void
}

export function plainOutput (clock: Clock): PlainOutput {
  return { say: writerTo(1, clock), complain: writerTo(2, clock) }
}

/** Opened with the first text: most processes have nothing to say here. */
function writerTo (fd: number, clock: Clock): (text: string) => void {
  let destination: LogDestination | null = null
  return (text) => {
    if (destination === null) {
      const made = new LogDestination({ clock, fd, dropNotice: () => '' })
      process.on('exit', () => { made.flush() })
      destination = made
    }
    destination.write(text)
  }
}
