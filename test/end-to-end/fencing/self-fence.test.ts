/**
 * A primary that has lost its lease and cannot release in the time that is left: it fences itself before its session can end, and nothing vouches
 * for it to systemd any more.
 */
import t from 'tap'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cluster, quick } from '../../support/cluster.ts'
import { notifications } from '../../support/network/notify-socket.ts'
import { eventually, proxy } from '../../support/zookeeper.ts'

t.test('cut off with a release that hangs', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick })
  const path = await proxy(t, made.zookeeper)
  const systemd = await notifications(t)
  const script = join(made.folder, 'resource.sh')
  writeFileSync(script, `[ "$PVC_ACTION" = acquire ] || [ ! -e ${made.folder}/hang ] || sleep 600\n`)
  const daemon = made.startNode('hv1', {
    coordinators: [path.connectString],
    zookeeper: { session_timeout: 8 },
    coordinator: { ...quick.coordinator, handover_timeout: 100, resources: [{ name: 'stuck', type: 'command', acquire: ['sh', script], release: ['sh', script], release_timeout: 60, retries: 0 }] },
    system: { self_fence: ['sh', '-c', `echo fenced >> ${made.folder}/done`] },
  }, { env: { NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: '400000' } })
  await watcher.settled('hv1')
  await eventually(() => systemd.said.filter((word) => word === 'WATCHDOG=1').length > 2)
  const words = () => systemd.said.filter((word) => !word.startsWith('STATUS='))
  t.equal(words()[0], 'READY=1')
  t.ok(systemd.said.includes('STATUS=registered as hv1'))

  writeFileSync(join(made.folder, 'hang'), '')
  path.blackHole()
  await daemon.logged((line) => line['event'] === 'demoted')
  const fed = words().length
  await daemon.logged((line) => line.msg === 'self_fence has run')
  t.same(made.notes('done'), ['fenced'])
  t.ok(watcher.feed.view?.members[0]?.presence, 'before its session could end')
  await watcher.sees('the end of its session', (view) => view.members[0]?.presence === null)
  // One may have been on its way.
  t.ok(words().length <= fed + 1, 'and the watchdog was not fed meanwhile')
  t.match(daemon.log.find((line) => line.msg.endsWith('running self_fence')), { level: 'fatal', why: /^not all of stuck was released/ })
  await daemon.kill()
})

t.test('a release that failed is tried again while self_fence hangs, before the session can end', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick })
  const path = await proxy(t, made.zookeeper)
  const script = join(made.folder, 'resource.sh')
  writeFileSync(script, `[ "$PVC_ACTION" = release ] && [ -e ${made.folder}/broken ] && exit 1
[ "$PVC_ACTION" = release ] && [ -e ${made.folder}/hangs ] && echo released >> ${made.folder}/done
exit 0
`)
  const daemon = made.startNode('hv1', {
    coordinators: [path.connectString],
    zookeeper: { session_timeout: 8 },
    coordinator: { ...quick.coordinator, resources: [{ name: 'stuck', type: 'command', acquire: ['sh', script], release: ['sh', script], release_timeout: 5, retries: 0 }] },
    system: { self_fence: ['sh', '-c', `touch ${made.folder}/hangs; while [ -d ${made.folder} ] && [ ! -e ${made.folder}/go ]; do sleep 0.05; done; echo fenced >> ${made.folder}/done`] },
  })
  await watcher.settled('hv1')
  writeFileSync(join(made.folder, 'broken'), '')
  path.blackHole()
  await eventually(() => existsSync(join(made.folder, 'hangs')))
  rmSync(join(made.folder, 'broken'))
  await eventually(() => made.notes('done').includes('released'))
  t.same(made.notes('done'), ['released'], 'self_fence hangs still')
  writeFileSync(join(made.folder, 'go'), '')
  await daemon.logged((line) => line.msg === 'self_fence has run')
  await daemon.kill()
})
