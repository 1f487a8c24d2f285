/**
 * Moments that something waits for, each as often as something does. A moment that is not there yet is the latest of all when it is added, so the
 * first that is left is the oldest.
 */
export class Moments {
  readonly #counts = new Map<number, number>()

  get oldest (): number | null {
    return this.#counts.keys().next().value ?? null
  }

  add (moment: number): void {
    this.#counts.set(moment, (this.#counts.get(moment) ?? 0) + 1)
  }

  remove (moment: number): void {
    const left = (this.#counts.get(moment) ?? 0) - 1
    if (left > 0) this.#counts.set(moment, left)
    else this.#counts.delete(moment)
  }

  clear (): void {
    this.#counts.clear()
  }
}
