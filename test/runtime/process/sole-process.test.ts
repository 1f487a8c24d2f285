/** One process for each configuration file, until it ends, in a directory that nobody else can take it from. */
import t, { type Test } from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { claimedBy, claimSole, directoryProblem, holderNote } from '../../../src/runtime/process/sole-process.ts'
import { watchClaim } from '../../../src/runtime/process/sole-watch.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** A process that claims `a.yaml` in `folder`, and says whether it has it. */
async function claimant (t: Test, folder: string) {
  const program = `import { claimedBy, claimSole, directoryProblem } from ${JSON.stringify(new URL('../../../src/runtime/process/sole-process.js', import.meta.url).pathname)}
    console.log(claimSole('test', process.argv[2], process.argv[3]) !== null)
    setInterval(() => {}, 1000)`
  writeFileSync(join(folder, 'holder.mjs'), program)
  const child = spawn(process.execPath, [join(folder, 'holder.mjs'), join(folder, 'a.yaml'), join(folder, 'run')], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data') as [Buffer]
  return { child, has: said.toString().trim() === 'true' }
}

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

t.test('the file says who has it, also when it was put back, and a later holder leaves nothing of an earlier one', async (t) => {
  const folder = t.testdir({ 'a.yaml': '' })
  const [file, run] = [join(folder, 'a.yaml'), join(folder, 'run')]
  t.equal(holderNote('test', file, run), null, 'nobody')
  const claim = claimSole('test', file, run, 'node hv1 in /clusters/a, process 1')
  t.equal(claimSole('test', file, run, 'another'), null)
  t.equal(holderNote('test', file, run), 'node hv1 in /clusters/a, process 1')
  rmSync(claim?.path ?? '')
  t.equal(claim?.renew(), 'put_back')
  t.equal(holderNote('test', file, run), 'node hv1 in /clusters/a, process 1')
  claim?.[Symbol.dispose]()
  const later = claimSole('test', file, run)
  t.equal(holderNote('test', file, run), null)
  later?.[Symbol.dispose]()
})

t.test('a process that is killed has released everything', async (t) => {
  const folder = t.testdir({ 'a.yaml': '' })
  const file = join(folder, 'a.yaml')
  const { child, has } = await claimant(t, folder)
  t.ok(has)
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
  t.throws(() => claimSole('test', file, join(folder, 'plain')), { code: 'run_directory_unusable', message: /is not a directory.*run_directory/ })
  t.throws(() => claimSole('test', file, '/proc/pvc/run'), { code: 'run_directory_unusable', message: /cannot be made or used \(ENOENT\).*run_directory/ })
  t.match(directoryProblem('/proc/pvc/run'), /kernel's own state.*run_directory/)
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

t.test('a lock file that is removed or replaced under its holder admits no second process, and is put back', async (t) => {
  for (const [how, remove] of [
    ['the file', (path: string) => rmSync(path)],
    ['its directory', (path: string) => rmSync(dirname(path), { recursive: true })],
    ['the file, and there is another one', (path: string) => { writeFileSync(`${path}.new`, ''); renameSync(`${path}.new`, path) }],
  ] as const) {
    const folder = t.testdir({ 'a.yaml': '' })
    const file = join(folder, 'a.yaml')
    const run = join(folder, 'run')
    const { child, has } = await claimant(t, folder)
    t.ok(has)
    const path = join(run, readdirSync(run)[0] ?? '')
    remove(path)
    t.equal(claimSole('test', file, run), null, `${how}: its holder runs`)
    t.equal(claimSole('test', file, run), null, 'and again, with the file that the last try has made')
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    const claim = claimSole('test', file, run)
    t.not(claim, null, 'it has ended')
    t.equal(claim?.renew(), 'kept')
    remove(path)
    t.equal(claim?.renew(), 'put_back')
    t.equal(claim?.renew(), 'kept')
    t.notOk((await claimant(t, folder)).has, 'put back, it is locked')
    claim?.[Symbol.dispose]()
  }
})

t.test('the claim of a process that runs stands, whatever its file and its directory are called by now', async (t) => {
  for (const [how, change, name = 'a.yaml', directory = 'run'] of [
    ['the directory is another one', (folder: string) => { renameSync(join(folder, 'run'), join(folder, 'old')) }],
    ['the file has another name too', (folder: string) => { linkSync(join(folder, 'a.yaml'), join(folder, 'hard.yaml')) }, 'hard.yaml'],
    ['the file is renamed', (folder: string) => { renameSync(join(folder, 'a.yaml'), join(folder, 'b.yaml')) }, 'b.yaml'],
    ['the file is replaced, as an editor does it, and the directory too', (folder: string) => {
      writeFileSync(join(folder, 'new'), 'a: b')
      renameSync(join(folder, 'new'), join(folder, 'a.yaml'))
      renameSync(join(folder, 'run'), join(folder, 'old'))
    }],
    ['the directory is set to another one', () => {}, 'a.yaml', 'elsewhere'],
  ] as const) {
    const folder = t.testdir({ 'a.yaml': '' })
    const { child } = await claimant(t, folder)
    change(folder)
    const file = join(folder, name)
    t.equal(claimedBy('test', file), child.pid, how)
    t.equal(claimSole('test', file, join(folder, directory)), null, how)
    t.equal(claimedBy('test-else', file), null, 'another purpose')
    writeFileSync(join(folder, 'other.yaml'), '')
    t.equal(claimedBy('test', join(folder, 'other.yaml')), null, 'another file')
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    t.equal(claimedBy('test', file), null)
  }
})

t.test('a file that is removed between its opening and its locking is locked again', async (t) => {
  const folder = t.testdir({ 'a.yaml': '', bin: {} })
  const run = join(folder, 'run')
  writeFileSync(join(folder, 'bin', 'flock'), `#!/bin/sh\n[ -e ${folder}/again ] || { rm ${run}/*; : > ${folder}/again; }\nPATH=\${PATH#*:} exec flock "$@"\n`)
  chmodSync(join(folder, 'bin', 'flock'), 0o755)
  const { PATH } = process.env
  process.env['PATH'] = `${join(folder, 'bin')}:${PATH}`
  t.teardown(() => { process.env['PATH'] = PATH })
  const claim = claimSole('test', join(folder, 'a.yaml'), run)
  t.ok(existsSync(claim?.path ?? ''))
  t.equal(claim?.renew(), 'kept')
  claim?.[Symbol.dispose]()
})

t.test('what became of the lock file is said once, and when it is over', async (t) => {
  const clock = new ManualClock()
  const said: string[] = []
  const say = (level: string) => (_fields: object, message: string) => { said.push(`${level} ${message.split(' ').slice(-4).join(' ')}`) }
  const states = ['kept', 'put_back', 'taken', 'taken', 'kept'] as const
  let at = 0
  const watching = watchClaim({ path: '/run/x.lock', renew: () => states[at++] ?? 'kept' }, clock, { info: say('info'), warn: say('warn'), error: say('error') } as unknown as Parameters<typeof watchClaim>[2])
  clock.advance(20_000)
  t.same(said, ['warn leave the file alone.', 'error what cleans the directory.', 'info is this daemon\'s again'])
  watching[Symbol.dispose]()
  t.equal(clock.running, 0)
})
