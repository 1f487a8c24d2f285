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

t.test('a script needs its interpreter', async (t) => {
  const folder = t.testdir({
    gone: '#!/nope/python -u\n',
    env: '#!/usr/bin/env no-such-program-anywhere\n',
    split: '#!/usr/bin/env -S A=b no-such-program-anywhere -x\n',
    windows: '#!/bin/sh\r\necho\r\n',
    nested: '',
    loop: '',
    good: '#! /usr/bin/env -S A=b sh -e\n',
    binary: '\0\0#!/nope',
  })
  writeFileSync(join(folder, 'nested'), `#!${join(folder, 'gone')}\n`)
  writeFileSync(join(folder, 'loop'), `#!${join(folder, 'loop2')}\n`)
  writeFileSync(join(folder, 'loop2'), `#!${join(folder, 'loop')}\n`)
  const cases: ReadonlyArray<readonly [string, string | null]> = [
    ['gone', 'is run by /nope/python, which does not exist'],
    ['env', 'is run by no-such-program-anywhere, which is not in PATH'],
    ['split', 'is run by no-such-program-anywhere, which is not in PATH'],
    ['windows', 'is run by /bin/sh\\r, which does not exist'],
    ['nested', `is run by ${join(folder, 'gone')}, which is run by /nope/python, which does not exist`],
    ['good', null],
    ['binary', null],
  ]
  for (const name of [...cases.map(([name]) => name), 'loop', 'loop2']) chmodSync(join(folder, name), 0o755)
  for (const [name, obstacle] of cases) t.equal(await obstacleTo(join(folder, name)), obstacle, name)
  t.match(await obstacleTo(join(folder, 'loop')), /needs too many others$/)
})
