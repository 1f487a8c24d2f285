/** A response that tells when its connection has not taken all of what was written: from then on it is looked at whether its client reads. */
import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

type Arguments = [chunk: unknown, encoding: BufferEncoding, callback?: () => void]

/** @param onWriting something waits to be written on this socket */
export function trackedResponse (onWriting: (socket: Socket) => void): typeof ServerResponse {
  return class TrackedResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
    override write (...args: unknown[]): boolean {
      const hasRoom = super.write(...args as Arguments)
      if (!hasRoom && this.writableLength > 0) onWriting(this.req.socket)
      return hasRoom
    }

    override end (...args: unknown[]): this {
      super.end(...args as Arguments)
      if (this.writableLength > 0) onWriting(this.req.socket)
      return this
    }
  }
}
