/**
 * Bytes of a connection that belong to a request whose head is not whole yet. Node's parser keeps them and does not tell; but the socket tells how much has been
 * read, and the requests that have come tell how much of that was theirs.
 */
import type { IncomingMessage } from 'node:http'

/** Bytes of a head at most: Node refuses a longer one. */
const HEAD = 16_384
/** Bytes by which a head may be longer than its parts: white space that the parser leaves out. */
const SLACK = 1_024

/** Bytes of a request as it is sent, without its body and with one space between its parts; `text` are those of its target and headers. */
const sentBytes = ({ method = '', rawHeaders }: IncomingMessage, text: number): number => `${method}  HTTP/1.1\r\n\r\n`.length + text + rawHeaders.length / 2 * ': \r\n'.length

export class PartialHead {
  /** Bytes read up to the end of the last request; null if that is not known until its body has come. */
  #passed: number | null = 0

  /** The head of a request has come whole, after `read` bytes of its connection. */
  pass (request: IncomingMessage, text: number, read: number): void {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers
    if (encoding !== undefined) {
      this.#passed = null
      return
    }
    const bytes = sentBytes(request, text)
    const end = (this.#passed ?? read - bytes) + bytes + Number(length)
    // Else the white space of many requests would add up.
    this.#passed = read > end && read - end <= SLACK ? read : end
  }

  /** Bytes behind the last request, which has its reply, after `read` bytes of its connection. */
  bytes (read: number): number {
    this.#passed ??= read
    return Math.min(Math.max(0, read - this.#passed), HEAD)
  }
}
