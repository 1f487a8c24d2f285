/** One process for each configuration file, until it ends, in a directory that nobody else can take it from. */
import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { claimSole } from '../../../src/runtime/process/sole-process.ts'

t.test('one process at a time, however the file is named, until it releases', async (t) => {
  const folder = t.testdir({ 'a.yaml': '', 'b.yaml': '' })
  const run = join(folder, 'run', 'pvc')
  const file = join(folder, 'a.yaml')
  symlinkSync(file, join(folder, 'link.yaml'))
  const claim = claimSole('test', file, run)
  t.not(claim, null)
  t.equal(claimSole('test', join(folder, 'link.yaml'), run), null)
  const other = claimSole('test', join(folder, 'b.yaml'), run)
  t.not(other, null, 'another file is another matter')
  const purpose = claimSole('test-else', file, run)
  t.not(purpose, null, 'and another purpose')
  const elsewhere = claimSole('test', file, join(folder, 'run', 'container'))
  t.not(elsewhere, null, 'and another directory, as another container has')
  claim?.[Symbol.dispose]()
  const again = claimSole('test', file, run)
  t.not(again, null, 'the file that is left over means nothing')
  for (const each of [other, purpose, elsewhere, again]) each?.[Symbol.dispose]()
  t.throws(() => claimSole('test', join(folder, 'missing'), run), { code: 'ENOENT' })
})

t.test('a process that is killed has released everything', async (t) => {
  const folder = t.testdir({ 'a.yaml': '' })
  const program = `import { claimSole } from ${JSON.stringify(new URL('../../../src/runtime/process/sole-process.js', import.meta.url).pathname)}
    console.log(claimSole('test', process.argv[2], process.argv[3]) !== null)
    setInterval(() => {}, 1000)`
  writeFileSync(join(folder, 'holder.mjs'), program)
  const file = join(folder, 'a.yaml')
  const child = spawn(process.execPath, [join(folder, 'holder.mjs'), file, join(folder, 'run')], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data') as [Buffer]
  t.equal(said.toString().trim(), 'true')
  t.equal(claimSole('test', file, join(folder, 'run')), null)
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  const claim = claimSole('test', file, join(folder, 'run'))
  t.not(claim, null)
  claim?.[Symbol.dispose]()
})

t.test('a directory that others could use against the daemon is refused, with what to do', async (t) => {
  const folder = t.testdir({ 'a.yaml': '', plain: '' })
  const file = join(folder, 'a.yaml')
  const open = join(folder, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  t.throws(() => claimSole('test', file, open), { code: 'run_directory_unusable', message: /can be written to by others \(mode 777\).*chmod go-w/ })
  t.throws(() => claimSole('test', file, join(folder, 'plain')), { code: 'run_directory_unusable', message: /cannot be made or used \(EEXIST\).*run_directory/ })
  if (process.getuid?.() === 0) {
    const foreign = join(folder, 'foreign')
    mkdirSync(foreign, 0o755)
    chownSync(foreign, 65_534, 65_534)
    t.throws(() => claimSole('test', file, foreign), { code: 'run_directory_unusable', message: /belongs to user 65534/ })
  }
  const run = join(folder, 'run')
  mkdirSync(run, 0o755)
  symlinkSync('/dev/null', join(run, 'x'))
  const claim = claimSole('test', file, run)
  t.not(claim, null)
  claim?.[Symbol.dispose]()
})
