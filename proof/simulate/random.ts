/** Chance from a seed: the same seed and the same questions give the same answers. Each part of a run asks a stream of its own. */
import { createHash } from 'node:crypto'

export class Random {
  readonly #seed: string
  readonly #state: Uint32Array

  constructor (seed: string) {
    this.#seed = seed
    const digest = createHash('sha256').update(seed).digest()
    this.#state = new Uint32Array([0, 4, 8, 12].map((at) => digest.readUInt32LE(at)))
  }

  /** Another stream, which depends on the seed and the label alone. */
  stream (label: string): Random {
    return new Random(`${this.#seed}/${label}`)
  }

  /** From 0 inclusive to 1 exclusive (sfc32). */
  readonly next = (): number => {
    const state = this.#state
    const [a = 0, b = 0, c = 0, count = 0] = state
    const sum = (a + b + count) | 0
    state[3] = count + 1
    state[0] = b ^ (b >>> 9)
    state[1] = c + (c << 3)
    state[2] = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }

  chance (probability: number): boolean { return this.next() < probability }

  /** A number from `least` inclusive to `most` exclusive. */
  between (least: number, most: number): number { return least + this.next() * (most - least) }

  /** Mostly near `typical`, now and then much more. */
  latency (typical: number): number {
    const factor = this.chance(0.02) ? this.between(5, 40) : this.between(0.5, 1.5)
    return typical * factor
  }

  pick<T> (from: readonly [T, ...T[]]): T
  pick<T> (from: readonly T[]): T | undefined
  pick<T> (from: readonly T[]): T | undefined { return from[Math.floor(this.next() * from.length)] }

  shuffled<T> (items: readonly T[]): T[] {
    const list = [...items]
    for (let left = list.length; left > 1; left--) {
      const at = Math.floor(this.next() * left)
      const last = list[left - 1] as T
      list[left - 1] = list[at] as T
      list[at] = last
    }
    return list
  }

  /** 32 hexadecimal digits. */
  readonly uuid = (): string =>
    Array.from({ length: 4 }, () => Math.floor(this.next() * 2 ** 32).toString(16).padStart(8, '0')).join('')
}
