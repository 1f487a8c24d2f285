/**
 * One process at a time for one purpose on this machine. The mark is a Unix socket in the kernel's abstract namespace: claimed atomically, gone
 * with the process however it ends, and nothing on disk that could be left over.
 *
 * Does not guarantee anything across network namespaces, each of which has a namespace of such sockets of its own.
 */
import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { createServer } from 'node:net'

/** Claims what `file` stands for, under whatever path it is named; null if another process has it. The file has to exist. */
export async function claimSole (purpose: string, file: string): Promise<Disposable | null> {
  const server = createServer((socket) => { socket.destroy() })
  const digest = createHash('sha256').update(realpathSync(file)).digest('hex')
  const claimed = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen(`\0${purpose}/${digest}`, () => { resolve(true) })
  })
  if (!claimed) return null
  server.unref()
  return { [Symbol.dispose]: () => { server.close() } }
}
