/**
 * Collectors that sleep for ever, spin, print without end, and leave children behind: 100 keepalives each with and without them, and how
 * punctual they were by ZooKeeper's own clock. A campaign (`npm run campaign -- collectors`): it takes about two minutes and prints figures.
 */
import t, { type Test } from 'tap'
import { readdirSync, readFileSync } from 'node:fs'
import { cluster, quick } from '../../support/cluster.ts'
import { nodePath } from '../../../src/cluster/layout.ts'

const INTERVAL = 500
const BEATS = 100
const MARK = `86399.${process.pid}`

const bad = [
  { name: 'sleeps', command: ['sleep', MARK], timeout: 1 },
  { name: 'spins', command: ['sh', '-c', `while :; do : ${MARK}; done`], timeout: 1 },
  { name: 'floods', command: ['sh', '-c', `: ${MARK}; head -c 1000000000 /dev/zero`], timeout: 1 },
  { name: 'forks', command: ['sh', '-c', `sleep ${MARK} & sleep ${MARK} & echo '{"message": "fine"}'`], timeout: 1 },
]

interface Figures { readonly mean: number, readonly p99: number, readonly worst: number, readonly missed: number, readonly dead: boolean }

/** How far each keepalive was from its place on the grid, in milliseconds, by the server's clock. */
async function punctuality (t: Test, collectors: typeof bad): Promise<Figures> {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick })
  made.startNode('hv1', { system: { intervals: { keepalive_interval: INTERVAL / 1000, fence_intervals: 12 }, collectors } })
  await watcher.settled('hv1')
  const session = await watcher.session()
  const path = nodePath('hv1', 'keepalive')
  const beats: Array<{ readonly version: number, readonly time: number }> = []
  await new Promise<void>((resolve, reject) => {
    const read = (): void => {
      session.get(path, { watch: true }).then(({ stat }) => {
        beats.push({ version: stat.version, time: Number(stat.mtime) })
        if (stat.version - (beats[0]?.version ?? 0) >= BEATS) resolve()
      }, reject)
    }
    session.onWatch(path, read)
    read()
  })
  const daemon = made.nodes.get('hv1')
  const dead = watcher.feed.view?.members[0]?.daemonState === 'dead'
  if (collectors.length > 0) {
    t.same((await session.get(nodePath('hv1', 'monitoring_plugins'))).data, 'floods forks sleeps spins')
    for (const name of ['sleeps', 'spins', 'floods']) {
      t.equal(daemon?.log.filter((line) => line['collector'] === name && line.level === 'warn').length, 1, `${name} was named once`)
    }
  }
  await daemon?.stop()
  // The first is written at once, at the start of the daemon; the grid is where most of them are.
  const offsets = beats.map(({ version, time }) => time - version * INTERVAL).sort((a, b) => a - b)
  const grid = offsets[Math.floor(offsets.length / 2)] ?? 0
  const errors = offsets.map((offset) => Math.abs(offset - grid)).sort((a, b) => a - b)
  const missed = Math.max(0, ...(daemon?.log ?? []).map((line) => Number(line['missedTotal'] ?? 0)))
  return {
    mean: Math.round(errors.reduce((sum, error) => sum + error, 0) / errors.length),
    p99: errors[Math.floor(errors.length * 0.99) - 1] ?? 0,
    worst: errors.at(-1) ?? 0,
    missed,
    dead,
  }
}

const left = () => readdirSync('/proc').filter((pid) => {
  if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(MARK)
  } catch {
    return false // it ended meanwhile
  }
})

t.test('punctuality', { timeout: 600_000 }, async (t) => {
  const control = await punctuality(t, [])
  const loaded = await punctuality(t, bad)
  for (const [name, { mean, p99, worst, missed }] of Object.entries({ control, loaded })) {
    t.comment(`${name}: ${BEATS} keepalives, ${INTERVAL} ms apart; off the grid by ${mean} ms on average, ${p99} ms at the 99th percentile, ${worst} ms at worst; ${missed} missed`)
  }
  t.notOk(loaded.dead)
  t.equal(loaded.missed, 0, 'none was missed')
  t.same(left(), [], 'no process is left')
})
