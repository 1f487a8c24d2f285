/**
 * A TCP proxy on 127.0.0.1 between a client and a server under test: it can cut connections, refuse new ones, and swallow
 * what one side says, byte for byte. It knows nothing of ZooKeeper, except that `swallowReplies` lets the caller look at
 * requests to choose the moment.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Proxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target: number
  #refusing = false
  #swallowRequests = false
  #swallowReplies = false
  #swallowed = 0
  #piece = 0
  #late = 0
  #line = Promise.resolve()
  #repeat: () => void = () => {}
  /** Sees each chunk of requests before it is passed on. */
  onRequest: ((chunk: Buffer) => void) | null = null

  private constructor (target: number) {
    this.#target = target
    this.#server = createServer((client) => this.#accept(client))
  }

  static async start (target: number): Promise<Proxy> {
    const proxy = new Proxy(target)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  get port (): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy is not listening')
    return address.port
  }

  /** Connections that are open through it. */
  get connections (): number { return Math.ceil(this.#sockets.size / 2) }

  /** Chunks of replies that were swallowed, ever. */
  get swallowed (): number { return this.#swallowed }

  get connectString (): string { return `127.0.0.1:${this.port}` }

  #accept (client: Socket): void {
    if (this.#refusing) {
      client.destroy()
      return
    }
    const server = connect(this.#target, '127.0.0.1')
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.on('data', (chunk: Buffer) => {
      this.onRequest?.(chunk)
      if (!this.#swallowRequests) server.write(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      if (this.#swallowReplies) {
        this.#swallowed += 1
        return
      }
      this.#repeat = () => { client.write(chunk) }
      if (this.#late > 0) setTimeout(() => client.write(chunk), this.#late)
      else if (this.#piece === 0) client.write(chunk)
      else this.#dribble(client, chunk)
    })
  }

  /** From now on replies are passed on in pieces of this many bytes, each a packet of its own. */
  trickle (bytes: number): void {
    this.#piece = bytes
  }

  #dribble (client: Socket, chunk: Buffer): void {
    client.setNoDelay(true)
    // In order, one piece per turn of the event loop.
    const pieces: Buffer[] = []
    for (let at = 0; at < chunk.length; at += this.#piece) pieces.push(chunk.subarray(at, at + this.#piece))
    this.#line = this.#line.then(async () => {
      for (const piece of pieces) await new Promise<void>((resolve) => client.write(piece, () => setImmediate(resolve)))
    })
  }

  /** Ends every connection; new ones are accepted. */
  cut (): void {
    for (const socket of [...this.#sockets]) socket.destroy()
  }

  /** Ends every connection and accepts none until `heal()`. */
  refuse (): void {
    this.#refusing = true
    this.cut()
  }

  /** Connections stay open and nothing passes, in either direction, until `heal()`. */
  blackHole (): void {
    this.#swallowRequests = true
    this.#swallowReplies = true
  }

  /** Requests are lost, until `heal()`; what the server has to say by itself still comes. */
  swallowRequests (): void {
    this.#swallowRequests = true
  }

  /** Requests reach the server; its replies are lost, until `heal()`. */
  swallowReplies (): void {
    this.#swallowReplies = true
  }

  /** From now on each reply comes `milliseconds` later; they keep their order. */
  late (milliseconds: number): void {
    this.#late = milliseconds
  }

  /** Everything passes again. Connections on which something was swallowed are ended: their streams have a hole. */
  heal (): void {
    if (this.#swallowRequests || this.#swallowReplies) this.cut()
    this.#refusing = false
    this.#late = 0
    this.#swallowRequests = false
    this.#swallowReplies = false
  }

  /** From now on replies pass again, on the same connections: their streams have a hole, as those of a server that answers out of order. */
  leaveOut (): void {
    this.#swallowReplies = false
  }

  /** What a server said last comes a second time. */
  repeatReply (): void {
    this.#repeat()
  }

  /** Listens on another address as well; resolves with the way to end that. */
  async alsoOn (address: string, port: number): Promise<() => Promise<void>> {
    const server = createServer((client) => this.#accept(client))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, address, resolve)
    })
    return async () => {
      this.cut()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  }

  async close (): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
