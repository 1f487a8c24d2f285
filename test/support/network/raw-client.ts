/**
 * A client that sends exactly the bytes it is given and reads one reply, on a connection that it keeps while both sides allow. For requests
 * that no client library would send.
 */
import { connect, type Socket } from 'node:net'

export interface RawReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** How a request may be left: `endless` replies are read up to their headers, `loose` requests may get no reply. */
export interface RawOptions {
  readonly isHead?: boolean
  readonly isEndless?: boolean
  /** Milliseconds after which no reply is an answer, too: null. */
  readonly patience?: number
}

export class RawClient {
  readonly #port: number
  #socket: Socket | null = null
  #buffer = Buffer.alloc(0)
  #wake: () => void = () => {}
  #closed = false

  constructor (port: number) {
    this.#port = port
  }

  /** Whether a connection is open, on which more replies may come. */
  get isOpen (): boolean { return this.#socket !== null }

  /** The reply, or null if there was none within `patience`. Rejects if the connection ends in the midst of a reply, or is refused. */
  async ask (request: Buffer | string, options?: RawOptions): Promise<RawReply | null> {
    await this.write(request)
    return await this.receive(options)
  }

  /** Sends bytes, and no more than them. */
  async write (bytes: Buffer | string): Promise<void> {
    const socket = this.#socket ?? await this.#open()
    socket.write(bytes)
  }

  /** Closes this side. */
  end (): void { this.#socket?.end() }

  /** Gives the connection up as a client does whose process ends. */
  reset (): void {
    this.#socket?.resetAndDestroy()
    this.close()
  }

  /** The next reply, as `ask`. */
  async receive ({ isHead = false, isEndless = false, patience = 60_000 }: RawOptions = {}): Promise<RawReply | null> {
    const until = performance.now() + patience
    const end = await this.#find('\r\n\r\n', until)
    if (end === null) {
      this.close()
      return null
    }
    const [line = '', ...fields] = this.#take(end + 4).toString('latin1').trim().split('\r\n')
    const headers = new Map(fields.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()] as const))
    const status = Number(line.split(' ')[1])
    const body = isHead || isEndless || status === 204 || status === 304 ? '' : await this.#body(headers, until)
    if (isEndless || headers.get('connection') === 'close') this.close()
    return { status, headers, body }
  }

  close (): void {
    this.#socket?.destroy()
    this.#socket = null
    this.#buffer = Buffer.alloc(0)
  }

  async #open (): Promise<Socket> {
    return await new Promise((resolve, reject) => {
      const socket = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true })
      this.#socket = socket
      this.#buffer = Buffer.alloc(0)
      this.#closed = false
      socket.setNoDelay(true)
      socket.once('connect', () => resolve(socket))
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        if (this.#socket !== socket) return
        this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
        this.#wake()
      })
      // The other side has closed: no more bytes come.
      socket.on('end', () => socket.end())
      socket.on('close', () => {
        if (this.#socket !== socket) return
        this.#socket = null
        this.#closed = true
        this.#wake()
      })
    })
  }

  #take (length: number): Buffer {
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }

  async #find (text: string, until: number): Promise<number | null> {
    for (;;) {
      const at = this.#buffer.indexOf(text)
      if (at >= 0) return at
      if (!await this.#more(until)) return null
    }
  }

  /** Waits for more bytes; false at the end of the connection or of patience. */
  async #more (until: number): Promise<boolean> {
    if (this.#closed) return false
    const before = this.#buffer.length
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, until - performance.now()))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    return this.#buffer.length > before
  }

  async #body (headers: ReadonlyMap<string, string>, until: number): Promise<string> {
    if (headers.get('transfer-encoding') === 'chunked') return await this.#chunks(until)
    const length = Number(headers.get('content-length') ?? 0)
    while (this.#buffer.length < length) if (!await this.#more(until)) throw new Error(`the reply ended after ${this.#buffer.length} of ${length} bytes`)
    return this.#take(length).toString()
  }

  async #chunks (until: number): Promise<string> {
    const parts: Buffer[] = []
    for (;;) {
      const end = await this.#find('\r\n', until)
      if (end === null) throw new Error('the reply ended between two chunks')
      const length = Number.parseInt(this.#take(end + 2).toString(), 16)
      while (this.#buffer.length < length + 2) if (!await this.#more(until)) throw new Error('the reply ended within a chunk')
      parts.push(Buffer.from(this.#take(length)))
      this.#take(2)
      if (length === 0) return Buffer.concat(parts).toString()
    }
  }
}
