/**
 * Standard output whose loss is no success: a process that could not write it says so on standard error, and ends with a status of its own.
 *
 * Guarantees: an output that is lost changes the exit status of a process that would have ended with 0, and no other. A reader that closes its pipe has
 * seen enough, which is no failure. Does not see an output that was closed before the start: Node has put /dev/null in its place.
 */
import { fstatSync, writeSync } from 'node:fs'

/** What is said of it, and done about it, at the end. */
export interface OutputLoss {
  readonly complain: (sentence: string) => void
  /** The exit status instead of 0. */
  readonly status: () => number
}

/** Keeps the first failure, for the end of the process. */
export class OutputKeeper {
  readonly #loss: OutputLoss
  #failure: NodeJS.ErrnoException | null = null

  constructor (loss: OutputLoss) {
    this.#loss = loss
  }

  lost (error: unknown): void {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') this.#failure ??= error as NodeJS.ErrnoException
  }

  /** For a handler of `exit`. */
  end (): void {
    if (this.#failure === null) return
    const reason = this.#failure.message.split(', write', 1)[0] ?? ''
    this.#failure = null
    this.#loss.complain(`Standard output could not be written (${reason}): its text is lost, in part or in whole. Free space, or write it elsewhere.`)
    if ((process.exitCode ?? 0) === 0) process.exitCode = this.#loss.status()
  }
}

/**
 * `process.stdout`, with which `console.log` writes too, and a way to write that leaves no file half written without an error.
 * @param onFailure called after each failure, a pipe's reader that is gone included
 */
export function standardOutput (loss: OutputLoss, onFailure: () => void = () => {}): { readonly write: (text: string) => void } {
  const keeper = new OutputKeeper(loss)
  const failed = (error: unknown) => {
    keeper.lost(error)
    onFailure()
  }
  process.stdout.on('error', failed)
  process.on('exit', () => {
    // `process.exit` comes before the event of a write just before it.
    if (process.stdout.errored != null) keeper.lost(process.stdout.errored)
    keeper.end()
  })
  return {
    write: (text) => {
      if (fstatSync(process.stdout.fd).isFile()) {
        try {
          // The stream would pass over what a nearly full disk did not take.
          const bytes = Buffer.from(text)
          for (let sent = 0; sent < bytes.length;) sent += writeSync(process.stdout.fd, bytes, sent)
        } catch (error) {
          failed(error)
        }
      } else {
        process.stdout.write(text)
      }
    },
  }
}
