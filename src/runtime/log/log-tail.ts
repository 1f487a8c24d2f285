/** The last lines of the log, in words, for people who cannot reach the machine, those of earlier runs before them. Bounded in lines and in size. */

/** Lines, and characters of all of them, that are kept. */
const LINES = 1_000
const SIZE = 200_000

export class LogTail {
  readonly #lines: string[] = []
  #size = 0
  #isContinued = false
  /** Called after each line. */
  onLine: () => void = () => {}

  /** @param line one JSON object as the logger prints it, secrets hidden */
  write (line: string): void {
    const { level, time, msg, name: _name, pid: _pid, hostname: _hostname, node: _node, ...fields } = JSON.parse(line) as Record<string, unknown>
    const more = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`
    const text = `${String(time)} ${String(level)} ${String(msg)}${more}`.slice(0, SIZE)
    this.#lines.push(text)
    this.#size += text.length + 1
    this.#trim()
    this.onLine()
  }

  /** Puts what is kept of earlier runs before the lines of this one; once, whatever is given later. */
  continueFrom (before: string): void {
    if (this.#isContinued) return
    this.#isContinued = true
    const lines = before.split('\n').filter((line) => line !== '').slice(-LINES).map((line) => line.slice(0, SIZE))
    this.#lines.unshift(...lines)
    this.#size += lines.reduce((sum, { length }) => sum + length + 1, 0)
    this.#trim()
  }

  #trim (): void {
    while (this.#lines.length > LINES || this.#size > SIZE + 1) this.#size -= (this.#lines.shift() ?? '').length + 1
  }

  get text (): string { return this.#lines.join('\n') }
}
