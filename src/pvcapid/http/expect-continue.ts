/**
 * `Expect: 100-continue`: a client waits with its body until it is told that the body is wanted. It is told so once nothing in the headers speaks
 * against the request. A refusal before that is the last reply of its connection, since the server cannot tell whether the body follows it.
 */
import type { ServerResponse } from 'node:http'

const held = Symbol('held continue')
type Waiting = ServerResponse & { [held]?: boolean }

export function holdContinue (response: Waiting): void {
  response[held] = response.shouldKeepAlive
  response.shouldKeepAlive = false
}

/** Asks for the body, if the client of `response` waits for that. Idempotent. */
export function sendContinue (response: Waiting): void {
  if (response[held] === undefined) return
  response.shouldKeepAlive = response[held]
  delete response[held]
  response.writeContinue()
}
