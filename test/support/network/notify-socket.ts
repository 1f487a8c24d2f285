/** systemd's end of the notification socket: a datagram socket, which Node has not. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

const LISTENER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("bound", flush=True)
while True:
    data, fds, flags, sender = socket.recv_fds(listener, 4096, 4)
    for fd in fds: socket.os.close(fd)
    print(data.decode(), flush=True)
`

/** Every line said on it, in order, but for the barrier with which a sender makes sure that it was heard. */
export async function notifications (t: Test): Promise<{ readonly path: string, readonly said: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'notify-'))
  const path = join(folder, 'socket')
  const child = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    rmSync(folder, { recursive: true, force: true })
  })
  const said: string[] = []
  const lines = createInterface({ input: child.stdout })
  await once(lines, 'line')
  lines.on('line', (line) => { if (line !== 'BARRIER=1') said.push(line) })
  return { path, said }
}
