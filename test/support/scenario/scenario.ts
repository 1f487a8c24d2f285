/**
 * Scenarios: scripts against a small cluster of coordinator machines, whose course is compared with the one kept beside them
 * (`test/scenarios/expected/<name>.txt`). When a course has changed on purpose, `RECORD_SCENARIOS=1` writes it again, to be read before it
 * is committed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'

const folder = join(packageFolder(), 'test', 'scenarios', 'expected')

/** Runs `script` on a fresh cluster; its name is that of the file with the expected course. */
export function scenario (t: Test, title: string, script: (cluster: Cluster, t: Test) => void, options: ClusterOptions = {}): void {
  t.test(title, async (t) => {
    const cluster = new Cluster(options)
    script(cluster, t)
    t.strictSame(cluster.breaches, [], 'every invariant holds at every step')
    compare(t, title, `${[...cluster.lines, '', cluster.look()].join('\n')}\n`)
  })
}

function compare (t: Test, title: string, course: string): void {
  const file = join(folder, `${title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}.txt`)
  if (process.env['RECORD_SCENARIOS'] === '1') {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, course)
  }
  t.ok(existsSync(file), `the expected course is kept in ${file}`)
  t.equal(course, existsSync(file) ? readFileSync(file, 'utf8') : '', 'it goes as expected')
}
