/** A mistake of the program itself, or of a library: the last line of the log says so, as any other end is said. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DaemonProcess } from '../../../tools/testbed/daemon-process.ts'

t.test('an error that nothing handles', async (t) => {
  const file = join(t.testdir(), 'pvcnoded.yaml')
  writeFileSync(file, `pvc: {node: hv1, mode: coordinator, coordinators: ["127.0.0.1:1"], system: {run_directory: ${t.testdir()}, fencing: {method: none}}}\n`, { mode: 0o600 })
  // Fails as soon as the daemon listens to signals, which is after it has its log.
  const failing = "data:text/javascript,process.on('newListener', (name) => { if (name === 'SIGUSR1') setImmediate(() => { null.of }) })"
  const daemon = new DaemonProcess('pvcnoded', 'hv1', file, { flags: [`--import=${failing}`] })
  t.equal(await daemon.exited(), 1)
  t.match(daemon.log.at(-1), { level: 'fatal', code: 'unexpected_error', err: { type: 'TypeError', stack: /TypeError/ }, advice: /pvcnoded --release/, msg: 'an unexpected error ends this process' })
})
