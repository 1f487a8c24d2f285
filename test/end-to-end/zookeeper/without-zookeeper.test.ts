/** A node that never reaches ZooKeeper: it holds nothing, says what it waits for, is not ready, and stops when it is told to. */
import t from 'tap'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { DaemonProcess } from '../../../tools/testbed/daemon-process.ts'
import { notifications } from '../../support/network/notify-socket.ts'
import { eventually } from '../../support/zookeeper.ts'

for (const kind of ['refuses', 'is silent'] as const) {
  t.test(`ZooKeeper ${kind}`, { timeout: 60_000 }, async (t) => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    if (kind === 'refuses') server.close()
    else t.teardown(() => server.close())
    const folder = t.testdir()
    const { path, said } = await notifications(t)
    const file = join(folder, 'pvcnoded.yaml')
    writeFileSync(file, stringify({ pvc: { node: 'hv1', mode: 'coordinator', coordinators: [`127.0.0.1:${port}`], system: { run_directory: join(folder, 'run') } } }))
    const daemon = new DaemonProcess('pvcnoded', 'hv1', file, { env: { NOTIFY_SOCKET: path } })
    t.teardown(async () => await daemon.kill())
    await daemon.logged((line) => line.msg.startsWith('ZooKeeper cannot be reached'))
    await eventually(() => said.some((line) => /^STATUS=waiting for ZooKeeper: ./.test(line)))
    const reason = kind === 'refuses' ? 'refused' : 'silent'
    t.match(await daemon.logged((line) => line.msg.startsWith('ZooKeeper cannot be reached') && line['reason'] === reason), { level: 'warn' })
    // A further attempt has ended by then, in which nothing else was found.
    await eventually(() => said.filter((line) => line.startsWith('STATUS=waiting for ZooKeeper: ')).length >= 2)
    t.equal(daemon.log.filter((line) => line['reason'] === reason).length, 1, 'a cause is told once')
    const words = kind === 'refuses' ? 'refuses connections' : 'says nothing'
    t.same(said.filter((line) => line.startsWith('STATUS=waiting for ZooKeeper: ') && !line.includes(words)), [], 'no other cause takes the place of the exact one')
    // Ends well before the longest time that a shutdown may take (130 s), which this test would not live to see.
    t.equal(await daemon.stop(50_000), 0)
    t.match(daemon.log.at(-1), { level: 'warn', code: 'not_registered' })
    t.notOk(daemon.log.some((line) => line.level === 'error' || line.level === 'fatal'), 'an orderly end of a daemon that did nothing is no failure')
    t.notOk(said.includes('READY=1'), 'never ready')
    t.notOk(daemon.log.some((line) => line.msg === 'registered'))
  })
}
