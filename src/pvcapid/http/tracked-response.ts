/** A response that tells when its connection has not taken all of what was written: from then on it is looked at whether its client reads. */
import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** @param onWriting something waits to be written on this socket */
export function trackedResponse (onWriting: (socket: Socket) => void): typeof ServerResponse {
  return class TrackedResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
    override write (chunk?: unknown, encoding?: unknown, callback?: unknown): boolean {
      const hasRoom = super.write(chunk, encoding as BufferEncoding, callback as () => void)
      if (!hasRoom && this.writableLength > 0) onWriting(this.req.socket)
      return hasRoom
    }

    override end (chunk?: unknown, encoding?: unknown, callback?: unknown): this {
      super.end(chunk, encoding as BufferEncoding, callback as () => void)
      if (this.writableLength > 0) onWriting(this.req.socket)
      return this
    }
  }
}

/** As Node does it for the response that owns the socket, which has been told by then. */
export function closeResponse (response: ServerResponse): void {
  if (response.closed) return
  Object.assign(response, { destroyed: true, _closed: true })
  response.emit('close')
}
