/**
 * What a process has opened, closed again in reverse order. (Node 20 has no AsyncDisposableStack.)
 *
 * Guarantees: every entry is closed once, one after the other, last opened first; a failing one does not keep the rest
 * from being closed; all failures are reported together. Does not bound the time: an entry which may hang brings its own
 * deadline.
 */

type Close = () => void | Promise<void>

export class Disposables implements AsyncDisposable {
  #entries: Array<{ name: string, close: Close }> = []
  #closing: Promise<void> | undefined

  /** Closes `close` at the end; `name` says in an error what it was. Throws if the end has already begun. */
  defer (name: string, close: Close): void {
    if (this.#closing !== undefined) throw new Error(`${name} was opened after closing began`)
    this.#entries.push({ name, close })
  }

  /** Takes over a disposable and gives it back, so that it can be opened and entrusted in one expression. */
  use<T extends Disposable | AsyncDisposable> (name: string, value: T): T {
    this.defer(name, async () => {
      if (Symbol.asyncDispose in value) await value[Symbol.asyncDispose]()
      else value[Symbol.dispose]()
    })
    return value
  }

  /**
   * Closes everything; a second call answers with the first one's promise. Rejects with an AggregateError when entries
   * failed: its `errors` are Errors named after the entry, each with the original as `cause`.
   */
  close (): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  [Symbol.asyncDispose] (): Promise<void> {
    return this.close()
  }

  async #closeAll (): Promise<void> {
    const errors: Error[] = []
    for (const { name, close } of this.#entries.splice(0).reverse()) {
      try {
        await close()
      } catch (cause) {
        errors.push(new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }))
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `could not close ${errors.map((error) => error.message).join('; ')}`)
  }
}
