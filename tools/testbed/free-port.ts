/**
 * A port of 127.0.0.1 that is free, and that no other process is given while this one lives: neither by this function in another process, which
 * finds it claimed (a Unix socket in the kernel's abstract namespace), nor by the kernel, which gives to those who connect, and to those who listen
 * on any port, none below 32768.
 */
import { once } from 'node:events'
import { createServer, type ListenOptions, type Server } from 'node:net'

const [FIRST, LAST] = [10_000, 32_767]

export async function freePort (): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST + 1 - FIRST))
    const claim = await listening({ path: `\0free-port/${port}` })
    if (claim === null) continue
    if (!await isFree(port)) {
      claim.close()
      continue
    }
    claim.unref()
    return port
  }
}

/** Whether no other process listens on this port of 127.0.0.1 now. Reserves nothing. */
export async function isFree (port: number): Promise<boolean> {
  const probe = await listening({ port, host: '127.0.0.1' })
  if (probe === null) return false
  probe.close()
  await once(probe, 'close')
  return true
}

/** Null where another process listens already. */
async function listening (where: ListenOptions): Promise<Server | null> {
  return await new Promise((resolve, reject) => {
    const server = createServer((socket) => { socket.destroy() })
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    server.listen(where, () => { resolve(server) })
  })
}
