/** The mistakes that the simulator and the exhaustive search have to find can still be made: each patch fits the source as it is. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const patches = readdirSync('proof/canaries').filter((name) => name.endsWith('.patch'))
t.ok(patches.length > 0)
for (const name of patches) {
  const { status, stdout, stderr } = spawnSync('patch', ['--dry-run', '-s', '-f', '-p1', '--fuzz=2', '-i', join('proof', 'canaries', name)], { encoding: 'utf8' })
  t.equal(status, 0, `${name} ${stdout}${stderr}`)
}
