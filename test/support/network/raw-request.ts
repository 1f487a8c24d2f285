/** A request as bytes, for what no client library sends. */
import { connect } from 'node:net'

/** Sends `text` to 127.0.0.1 and resolves with everything that came until the server hung up. */
export async function rawRequest (port: number, text: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => { received += chunk })
    socket.once('error', reject)
    socket.once('end', () => { socket.end(); resolve(received) })
  })
}
