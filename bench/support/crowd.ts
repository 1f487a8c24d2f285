/** Many clients at once, each with a connection of its own, that wait for one thing to be said to all of them. */
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface Asking {
  readonly port: number
  readonly request: string
  /** The reply continues for as long as it is read, and begins at once. */
  readonly isStream: boolean
  /** How many the server holds. */
  holding (): Promise<number>
}

/** Connections that are opened at a time. */
const AT_ONCE = 100
/** Milliseconds after which memory that was needed only for opening is taken to be given back. */
const SETTLE = 1_000
/** Milliseconds for all of them to be told. */
const PATIENCE = 60_000

export class Crowd implements AsyncDisposable {
  readonly #sockets: Socket[] = []
  /** What each has read since it last asked or was told. */
  readonly #texts: string[] = []
  readonly #waiting = new Set<number>()
  #marker = ''
  #resolve: (at: number) => void = () => {}
  #reject: (error: Error) => void = () => {}

  /** Resolves once all of them wait. */
  static async gather (asking: Asking, count: number): Promise<Crowd> {
    const crowd = new Crowd()
    for (let from = 0; from < count; from += AT_ONCE) await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, async () => await crowd.#join(asking)))
    await crowd.#held(asking)
    return crowd
  }

  /** What one of them has read, since it last asked. */
  get sample (): string { return this.#texts[0] ?? '' }

  /** All of them ask again, on the connections that they have. */
  async askAgain (asking: Asking): Promise<void> {
    await Promise.all(this.#sockets.map(async (socket, index) => await new Promise<void>((resolve) => {
      this.#texts[index] = ''
      socket.write(asking.request, () => resolve())
    })))
    await this.#held(asking)
  }

  async #held ({ holding }: Asking): Promise<void> {
    while (await holding() !== this.#sockets.length) await delay(50)
    await delay(SETTLE)
  }

  /** Resolves with when the last of them had read `marker`, on the clock of `performance`. */
  async told (marker: string): Promise<number> {
    this.#marker = marker
    for (const index of this.#sockets.keys()) this.#waiting.add(index)
    const late = setTimeout(() => this.#reject(new Error(`${this.#waiting.size} of ${this.#sockets.length} clients were not told within ${PATIENCE / 1000} s`)), PATIENCE)
    return await new Promise<number>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    }).finally(() => clearTimeout(late))
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.#sockets.map(async (socket) => await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.destroy()
    })))
  }

  async #join ({ port, request, isStream }: Asking): Promise<void> {
    const index = this.#sockets.length
    const socket = connect(port, '127.0.0.1')
    this.#sockets.push(socket)
    this.#texts.push('')
    await new Promise<void>((resolve, reject) => {
      let begun = false
      socket.on('error', reject)
      socket.on('close', () => { if (this.#waiting.has(index)) this.#reject(new Error(`a client was left before it was told, after ${JSON.stringify(this.#texts[index])}`)) })
      socket.on('connect', () => socket.write(request, () => { if (!isStream) resolve() }))
      socket.on('data', (chunk: Buffer) => {
        // One of them keeps all that it has read.
        const text = (this.#texts[index] ?? '') + chunk.toString('latin1')
        this.#texts[index] = index === 0 ? text : text.slice(-2_000)
        if (!begun) {
          begun = true
          resolve()
        }
        if (!this.#waiting.has(index) || !text.includes(this.#marker)) return
        this.#waiting.delete(index)
        if (index > 0) this.#texts[index] = ''
        if (this.#waiting.size === 0) this.#resolve(performance.now())
      })
    })
  }
}
