/** What no method of a socket tells: of Node's handle of its TCP connection, and how long that waited to be read. */
import type { Socket } from 'node:net'

/** Node's handle of a TCP connection; that of a TLS connection has it as its parent. */
interface Handle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
  readonly _parent?: Handle
  /** 0, or the system's error: a connection that was reset has no peer any more. */
  getpeername? (into: object): number
}

/** The handle of the TCP connection; null once the socket is closed. */
export function tcpHandle (socket: Socket): Handle | null {
  const handle = (socket as Socket & { readonly _handle?: Handle | null })._handle ?? null
  return handle?._parent ?? handle
}

/** Whether the client has reset the connection, which is otherwise told only to one who reads all that came before. */
export function isReset (socket: Socket): boolean {
  const handle = tcpHandle(socket)
  return handle?.getpeername !== undefined && handle.getpeername({}) !== 0
}

const wait = Symbol('wait')
type Waited = Socket & { [wait]?: number, readonly _parent?: Waited | null }

/** It was held for so many milliseconds before anything of it was read. */
export function heldUnread (socket: Socket, milliseconds: number): void {
  (socket as Waited)[wait] = milliseconds
}

/** The wait of a TLS connection is recorded on the TCP connection below it. */
export const waitOf = (socket: Waited): number => socket[wait] ?? socket._parent?.[wait] ?? 0
