/** `pvcnoded --release`: what a daemon that died has left behind is taken away, without ZooKeeper; never under the feet of one that runs. */
import t from 'tap'
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { cluster, quick } from '../../support/cluster.ts'

t.test('refused while the daemon runs; after a crash it needs nobody', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  await watcher.settled('hv1')
  const before = made.effects()
  t.match(await made.release('hv1'), { code: 75, log: [{ level: 'fatal', code: 'daemon_running' }] })
  t.same(made.effects(), before, 'nothing was released')
  t.equal(made.holder('address'), 'hv1')

  const run = join(made.folder, 'run')
  for (const name of readdirSync(run)) rmSync(join(run, name))
  t.match(await made.release('hv1'), { code: 75 }, 'also after the lock file was removed')
  t.same(made.effects(), before)
  await made.nodes.get('hv1')?.logged((line) => /the lock file .* was removed/.test(line.msg))

  chmodSync(run, 0o777)
  t.match(await made.release('hv1'), { code: 75 }, 'also in a directory that cannot be relied on')
  t.same(made.effects(), before)

  await made.nodes.get('hv1')?.kill()
  await made.zookeeper.kill()
  t.equal((await made.release('hv1')).code, 0)
  t.same(made.effects().slice(before.length), ['- hv1 release service', '- hv1 release address'], 'in reverse order, outside of any epoch')
  t.equal(made.holder('address'), null)
  t.equal((await made.release('hv1')).code, 0, 'done twice it is no fault')
})

t.test('one that cannot be released keeps no other from it, and self_fence is the last resort', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick })
  const script = join(made.folder, 'stuck.sh')
  writeFileSync(script, `[ "$PVC_ACTION" = acquire ] || [ "$PVC_RESOURCE" = free ] || exit 3\necho "$PVC_ACTION $PVC_RESOURCE" >> ${made.folder}/done\n`)
  const resource = (name: string) => ({ name, type: 'command', acquire: ['sh', script], release: ['sh', script], release_timeout: 1, retries: 0 })
  const command = ['sh', '-c', `echo fenced >> ${made.folder}/done`]
  made.startNode('hv1', { coordinator: { ...quick.coordinator, resources: [resource('free'), resource('stuck')] }, system: { self_fence: command } })
  // At the start nothing can be released either: it never gets as far as running.
  await made.nodes.get('hv1')?.logged((line) => line.msg === 'self_fence has run')
  await made.nodes.get('hv1')?.kill()
  const before = made.notes('done').length
  t.match(await made.release('hv1'), { code: 1 })
  t.same(made.notes('done').slice(before), ['release free', 'fenced'])
  t.equal(watcher.feed.view?.key.value, 'none')
})

t.test('an orderly end of a node whose start could not release says what it leaves', { timeout: 120_000 }, async (t) => {
  const { cluster: made } = await cluster(t, { nodes: [], ...quick })
  const flag = join(made.folder, 'failing')
  writeFileSync(flag, '')
  const script = `[ "$PVC_RESOURCE" = free ] || [ ! -e ${flag} ] || { echo 'target is busy' >&2; exit 32; }`
  const resource = (name: string) => ({ name, type: 'command', acquire: ['sh', '-c', script], release: ['sh', '-c', script], release_timeout: 1, retries: 0 })
  const start = () => made.startNode('hv1', { coordinator: { ...quick.coordinator, resources: [resource('free'), resource('stuck')] } })
  const daemon = start()
  await daemon.logged(({ msg }) => /^start failed: .*stuck.*target is busy/.test(msg))
  daemon.signal('SIGTERM')
  t.equal(await daemon.exited(), 1)
  t.match(daemon.log.at(-1), { level: 'fatal', code: 'start_not_released', unreleased: ['stuck'] })
  // One that gets free before the end is over is released by it.
  const again = start()
  await again.logged(({ msg }) => /^start failed: .*stuck.*target is busy/.test(msg))
  rmSync(flag)
  again.signal('SIGTERM')
  t.equal(await again.exited(), 0)
  t.match(again.log.at(-1), { msg: 'stopped' })
})

t.test('an orderly end with one release that fails: everything else is released, and it does not say that all is well', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, {
    nodes: ['hv1', 'hv2'],
    coordinator: { ...quick.coordinator, handover_timeout: 5 },
    resourceSettings (folder) {
      const script = join(folder, 'failing.sh')
      writeFileSync(script, `if [ "$PVC_ACTION" = release ] && [ "$PVC_RESOURCE" = service ] && [ -e ${folder}/failing ]; then echo 'target is busy' >&2; exit 32; fi
exec sh ${join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh')} ${folder}
`)
      return { acquire: ['sh', script], release: ['sh', script], release_timeout: 1, retries: 0 }
    },
  })
  const { name } = await watcher.settled()
  const daemon = made.nodes.get(name)
  const flag = join(made.folder, 'failing')
  writeFileSync(flag, '')
  daemon?.signal('SIGTERM')
  t.equal(await daemon?.exited(), 1)
  t.match(daemon?.log.at(-1), { level: 'fatal', code: 'resources_left', held: ['service'], msg: /could not release service/ })
  t.ok(daemon?.log.some(({ level, msg }) => level === 'error' && /^service is left as it is, and may be held: .*target is busy/.test(msg)))
  t.same(['address', 'service'].map((resource) => made.holder(resource)), [null, name], 'address is released after service, and released all the same')

  rmSync(flag)
  made.startNode(name)
  await watcher.settled()
})
