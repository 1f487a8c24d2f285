/**
 * A daemon whose stdout takes nothing (a full pipe that nobody reads, a full disk, a closed descriptor) takes over, hands over, stops and
 * releases as any other.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Cluster } from '../../../tools/testbed/cluster.ts'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { cluster, quick } from '../../support/cluster.ts'

/** The shell's word for where stdout goes, once it takes nothing any more. */
const kinds: Readonly<Record<string, (t: Test, made: Cluster) => Promise<string>>> = {
  'a full pipe': async (t, made) => {
    const fifo = join(made.folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    // Holds the pipe open for reading, never reads, and fills it.
    const holder = spawn('sh', ['-c', `exec 3<>${fifo}; dd if=/dev/zero bs=1024 count=64 >&3 2>/dev/null; echo full; exec sleep 600`], { stdio: ['ignore', 'pipe', 'ignore'] })
    t.teardown(async () => { if (holder.kill('SIGKILL')) await once(holder, 'exit') })
    await once(holder.stdout, 'data')
    return `>${fifo}`
  },
  'a full disk': async () => '>/dev/full',
  'a closed descriptor': async () => '>&-',
}

for (const [kind, redirection] of Object.entries(kinds)) {
  t.test(kind, { timeout: 120_000 }, async (t) => {
    const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
    await watcher.settled('hv1')
    const deaf = ['sh', '-c', `exec "$@" ${await redirection(t, made)}`, 'sh']
    const start = () => made.startNode('hv2', { log_level: 'trace' }, { prefix: deaf })
    start()
    await watcher.sees('hv2 is secondary', ({ members }) => members.some(({ name, coordinatorState }) => name === 'hv2' && coordinatorState === 'secondary'))

    await watcher.writeKeyBlindly('hv2')
    await watcher.settled('hv2')
    t.same(['address', 'service'].map((resource) => made.holder(resource)), ['hv2', 'hv2'], 'it takes over')
    await watcher.writeKeyBlindly('hv1')
    await watcher.settled('hv1')
    t.same(['address', 'service'].map((resource) => made.holder(resource)), ['hv1', 'hv1'], 'it hands over')
    await watcher.writeKeyBlindly('hv2')
    await watcher.settled('hv2')
    t.equal(await made.nodes.get('hv2')?.stop(), 0, 'it stops in order')
    await watcher.settled('hv1')
    await watcher.sees('it has stopped', (view) => view.members.some(({ name, daemonState }) => name === 'hv2' && daemonState === 'stop'))

    start()
    await watcher.sees('hv2 is secondary again', ({ members }) => members.some(({ name, daemonState, coordinatorState }) => name === 'hv2' && daemonState === 'run' && coordinatorState === 'secondary'))
    await watcher.writeKeyBlindly('hv2')
    await watcher.settled('hv2')
    await made.nodes.get('hv2')?.kill()
    const released = spawnSync(deaf[0] as string, [...deaf.slice(1), process.execPath, join(packageFolder(), 'dist', 'src', 'pvcnoded', 'main.js'), '--config', made.configurationOf('hv2'), '--release'], { encoding: 'utf8', timeout: 30_000 })
    t.equal(released.status, 0, `--release ends: ${released.stderr}`)
    t.same(['address', 'service'].map((resource) => made.holder(resource)), [null, null], 'and has released everything')
  })
}
