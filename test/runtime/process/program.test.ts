// Whether a program could be started, without starting it.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { obstacleTo } from '../../../src/runtime/process/program.ts'

t.test('what can be started, and what keeps the rest from it', async (t) => {
  const folder = t.testdir({ job: '#!/bin/sh\n', plain: '' })
  chmodSync(join(folder, 'job'), 0o755)
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'plain'), '')
  t.equal(await obstacleTo('sh'), null)
  t.equal(await obstacleTo(join(folder, 'job')), null)
  t.equal(await obstacleTo(join(folder, 'nope', 'job')), 'does not exist')
  t.equal(await obstacleTo(join(folder, 'job', 'job')), 'does not exist')
  t.equal(await obstacleTo(join(folder, 'folder')), 'is not a file')
  t.equal(await obstacleTo('no-such-program-anywhere'), 'is not in PATH')
  t.equal(await obstacleTo(join(folder, 'plain')), 'cannot be executed by this user')
})
