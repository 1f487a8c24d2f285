/** Names whose DNS server says nothing, beside one that /etc/hosts has: that one is used, the others are blamed, and no look-up outlives the daemon. */
import t, { type Test } from 'tap'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { DaemonProcess, packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { notifications } from '../../support/network/notify-socket.ts'
import { eventually, zookeeper } from '../../support/zookeeper.ts'

/** As the C library with a DNS server that is silent: it finds `in-hosts`, and of any other name it hears nothing. Each process that hears nothing leaves its number in `asked`. */
const GETENT = (folder: string) => `#!/bin/sh
for name; do :; done
if [ "$name" = in-hosts ]; then echo '127.0.0.1 STREAM in-hosts'; exit 0; fi
if [ "$name" = six ]; then echo '::1 STREAM six'; exit 0; fi
echo $$ >> ${folder}/asked
exec sleep 1000
`

function setUp (t: Test, coordinators: string[], system: object = {}) {
  const folder = t.testdir({ asked: '' })
  writeFileSync(join(folder, 'getent'), GETENT(folder))
  chmodSync(join(folder, 'getent'), 0o755)
  const file = join(folder, 'pvcnoded.yaml')
  writeFileSync(file, stringify({ pvc: { node: 'hv1', mode: 'coordinator', coordinators, system: { run_directory: join(folder, 'run'), ...system } } }))
  chmodSync(file, 0o600)
  const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n').filter((pid) => pid !== '')
  return { file, asked, env: { PATH: `${folder}:${process.env['PATH']}` } }
}

const runs = (pid: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z'
  } catch {
    return false
  }
}

t.test('a name that is known is used although two others hang', { timeout: 120_000 }, async (t) => {
  const server = await zookeeper(t)
  const { file, asked, env } = setUp(t, [`quiet-1:${server.port}`, `quiet-2:${server.port}`, `in-hosts:${server.port}`])
  const daemon = new DaemonProcess('pvcnoded', 'hv1', file, { env })
  t.teardown(async () => await daemon.kill())
  await daemon.logged((line) => line.msg === 'registered')
  const blamed = daemon.log.filter((line) => line.msg.includes('cannot be resolved'))
  t.same(blamed.map(({ host, reason }) => [host, reason]).sort(), [['quiet-1', 'silent'], ['quiet-2', 'silent']])
  t.equal(await daemon.stop(50_000), 0)
  t.match(daemon.log.at(-1), { msg: 'stopped' })
  await eventually(() => !asked().some(runs))
})

t.test('where no name can be resolved, that is the cause, and the daemon ends at once', { timeout: 120_000 }, async (t) => {
  const { file, asked, env } = setUp(t, ['quiet-1:1', 'quiet-2:1'])
  const { path, said } = await notifications(t)
  const daemon = new DaemonProcess('pvcnoded', 'hv1', file, { env: { ...env, NOTIFY_SOCKET: path } })
  t.teardown(async () => await daemon.kill())
  await daemon.logged((line) => line.msg.startsWith('ZooKeeper cannot be reached: ') && line['reason'] === 'silent')
  await eventually(() => said.some((line) => /^STATUS=waiting for ZooKeeper: .*quiet-1.*the name server does not answer/.test(line)))
  // A look-up on a thread of the process would hold its end up for as long as it takes.
  t.equal(await daemon.stop(50_000), 0)
  t.ok(asked().length >= 2)
  await eventually(() => !asked().some(runs))
})

t.test('--check resolves as the daemons do', { timeout: 120_000 }, async (t) => {
  const { file, env } = setUp(t, ['six', 'in-hosts', 'quiet-1'], { fencing: { ipmi: { host: 'quiet-2:623', username: 'u', password: 'p' } } })
  const { status, stderr } = spawnSync(process.execPath, [join(packageFolder(), 'dist', 'src', 'pvcnoded', 'main.js'), '--config', file, '--check'], { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 60_000 })
  t.equal(status, 0)
  t.equal(stderr.split('\n').filter((line) => !/fencing\.(?:ipmi|method): /.test(line)).join('\n'), `${file}:7:7: warning: pvc.coordinators[2]: quiet-1 cannot be resolved here (the name server does not answer). See to the name server, or put in the address of a ZooKeeper server.
${file}:12:9: warning: pvc.system.fencing.ipmi.host: quiet-2 cannot be resolved here (the name server does not answer). See to the name server, or put in the address of the management controller.
`)
})
