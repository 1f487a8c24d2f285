/** Where pvcctl writes: results to standard output, everything else to standard error; and where it asks the operator. */
import { createInterface } from 'node:readline'
import { plain } from './text.ts'

export interface Stream {
  readonly isTTY?: boolean
  /** Of a terminal. */
  readonly columns?: number
  write (text: string): unknown
}

export class Console {
  readonly #out: Stream
  readonly #err: Stream & NodeJS.WritableStream
  readonly #in: NodeJS.ReadStream
  /** Characters of a line that is shown on the terminal and not ended. */
  #shown = 0

  constructor (out: Stream, err: Stream & NodeJS.WritableStream, input: NodeJS.ReadStream) {
    this.#out = out
    this.#err = err
    this.#in = input
  }

  /** Whether progress can be shown. */
  get isTerminal (): boolean { return this.#err.isTTY === true }

  /** A result, as it stands. */
  print (text: string): void {
    this.#clear()
    this.#out.write(text)
  }

  /** JSON of the API, unchanged but for a line feed at its end. */
  json (text: string): void { this.print(text.endsWith('\n') ? text : `${text}\n`) }

  /** A sentence for the operator. */
  say (text: string): void {
    this.#clear()
    this.#err.write(`pvcctl: ${plain(text)}\n`)
  }

  /** Replaces the line of progress; nothing where standard error is no terminal. */
  progress (text: string): void {
    if (!this.isTerminal) return
    // A line that wraps could not be replaced.
    const line = plain(text).slice(0, (this.#err.columns ?? 80) - 1)
    this.#err.write(`\r${line.padEnd(this.#shown)}`)
    this.#shown = line.length
  }

  /** The line that the operator types; empty at the end of input, null where standard input is no terminal. */
  async ask (question: string): Promise<string | null> {
    if (!this.#in.isTTY) return null
    this.#clear()
    const lines = createInterface({ input: this.#in, output: this.#err })
    try {
      return await new Promise((resolve) => {
        lines.once('close', () => resolve(''))
        lines.question(plain(question), (answer) => resolve(answer.trim()))
      })
    } finally {
      lines.close()
    }
  }

  #clear (): void {
    if (this.#shown > 0) this.#err.write(`\r${' '.repeat(this.#shown)}\r`)
    this.#shown = 0
  }
}
