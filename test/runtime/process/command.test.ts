/** Against real processes; the clock is the system's only where a bound must come true by itself, else it is moved by hand. */
import { execFileSync, spawn } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { existsSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner } from '../../../src/runtime/process/command.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const minute = 60_000
const runner = createCommandRunner(systemClock)
const sh = (script: string) => ['sh', '-c', script]

/** Whether a process of that id can still run; a zombie cannot. */
function lives (pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** Waits until `file` in `folder` has a whole line, and gives its numbers. */
async function numbersIn (folder: string, file: string): Promise<number[]> {
  const path = join(folder, file)
  const watcher = watch(folder)
  try {
    while (!existsSync(path) || !readFileSync(path, 'utf8').endsWith('\n')) await once(watcher, 'change')
  } finally {
    watcher.close()
  }
  return readFileSync(path, 'utf8').trim().split(/\s+/).map(Number)
}

t.test('exit code, output and the environment', async (t) => {
  const outcome = await runner.run({ argv: sh('echo "$PVC_NODE $PATH"; echo oops >&2; exit 3'), env: { PVC_NODE: 'hv1' }, timeout: minute })
  t.same(outcome, { kind: 'exited', code: 3, stdout: `hv1 ${process.env['PATH']}\n`, stderr: 'oops\n' })
})

t.test('no shell comes between, and stdin is empty', async (t) => {
  t.match(await runner.run({ argv: ['echo', '$HOME; `ls`'], timeout: minute }), { kind: 'exited', code: 0, stdout: '$HOME; `ls`\n' })
  t.match(await runner.run({ argv: ['cat'], timeout: minute }), { kind: 'exited', code: 0, stdout: '' })
})

t.test('what it reads comes once that is known; without it, it waits until it is killed', async (t) => {
  let say = (_text: string): void => {}
  const text = new Promise<string>((resolve) => { say = resolve })
  const folder = t.testdir()
  const reading = runner.run({ argv: sh(`echo $$ > ${join(folder, 'pid')}; cat; echo end`), stdin: text, timeout: minute })
  await numbersIn(folder, 'pid')
  say('one\ntwo\n')
  t.match(await reading, { kind: 'exited', code: 0, stdout: 'one\ntwo\nend\n' })
  const stop = new AbortController()
  const waiting = runner.run({ argv: ['cat'], stdin: new Promise(() => {}), timeout: minute, signal: stop.signal })
  stop.abort()
  t.match(await waiting, { kind: 'aborted' })
  t.match(await runner.run({ argv: sh('exit 4'), stdin: Promise.resolve('x'.repeat(1_000_000)), timeout: minute }), { kind: 'exited', code: 4 }, 'one that does not read ends as it wants')
})

t.test('it is the leader of a process group of its own', async (t) => {
  const outcome = await runner.run({ argv: sh('read -r pid name state parent group rest < /proc/$$/stat; echo $pid $group'), timeout: minute })
  const [pid, group] = outcome.kind === 'exited' ? outcome.stdout.trim().split(' ') : []
  t.ok(pid)
  t.equal(pid, group)
})

t.test('a command that dies by a signal says which', async (t) => {
  t.match(await runner.run({ argv: sh('kill -TERM $$'), timeout: minute }), { kind: 'signal', signal: 'SIGTERM' })
})

t.test('what cannot be started says why', async (t) => {
  t.match(await runner.run({ argv: ['/no/such/program'], timeout: minute }), { kind: 'failed_to_start', message: '/no/such/program does not exist (ENOENT); install it, or correct the command in the configuration' })
  t.match(await runner.run({ argv: ['no-such-program'], timeout: minute }), { kind: 'failed_to_start', message: /^no-such-program is not in PATH \(ENOENT\)/ })
  t.match(await runner.run({ argv: ['/etc/passwd'], timeout: minute }), { kind: 'failed_to_start', message: /EACCES/ })
  t.match(await runner.run({ argv: ['echo', 'a\0b'], timeout: minute }), { kind: 'failed_to_start', message: /null bytes/ })
  t.match(await runner.run({ argv: [], timeout: minute }), { kind: 'failed_to_start', message: 'the command is empty' })
})

t.test('nothing is started for a signal that has aborted', async (t) => {
  const folder = t.testdir()
  t.same(await runner.run({ argv: ['touch', join(folder, 'ran')], timeout: minute, signal: AbortSignal.abort() }), { kind: 'aborted' })
  t.notOk(existsSync(join(folder, 'ran')))
})

for (const [kind, end] of [
  ['timed_out', (clock: ManualClock) => clock.advance(minute)],
  ['aborted', (_clock: ManualClock, abort: () => void) => abort()],
] as Array<[string, (clock: ManualClock, abort: () => void) => void]>) {
  t.test(`${kind}: the leader, which ignores SIGTERM, and its children are gone when the promise settles`, async (t) => {
    const folder = t.testdir()
    const clock = new ManualClock()
    // The look at the group is a real wait; the bound of the command is moved by hand.
    const mixed = { ...systemClock, after: (delay: number, action: () => void) => delay === minute ? clock.after(delay, action) : systemClock.after(delay, action) }
    const caller = new AbortController()
    const running = createCommandRunner(mixed).run({
      argv: sh('trap "" TERM HUP; sleep 600 & a=$!; (sleep 601 & echo $$ $a $! > pids.new; mv pids.new pids; wait) & wait').map((part) => part.replaceAll('pids', join(folder, 'pids'))),
      timeout: minute,
      signal: caller.signal,
    })
    const pids = await numbersIn(folder, 'pids')
    t.equal(pids.length, 3)
    t.ok(pids.every(lives), 'all run')
    end(clock, () => caller.abort())
    t.match(await running, { kind })
    t.same(pids.filter(lives), [])
    t.equal(clock.running, 0)
  })
}

t.test('a child in the background which keeps the pipes does not keep the promise, and lives on', async (t) => {
  const outcome = await runner.run({ argv: sh('sleep 600 & echo $!'), timeout: minute })
  t.match(outcome, { kind: 'exited', code: 0 })
  const pid = outcome.kind === 'exited' ? Number(outcome.stdout) : 0
  t.ok(lives(pid))
  process.kill(pid, 'SIGKILL')
})

t.test('killStragglers ends what the leader left behind', async (t) => {
  const outcome = await runner.run({ argv: sh('sleep 600 & echo $!'), timeout: minute, killStragglers: true })
  t.match(outcome, { kind: 'exited', code: 0 })
  t.notOk(lives(outcome.kind === 'exited' ? Number(outcome.stdout) : process.pid))
})

t.test('how much a command prints does not decide how it ended: the last bytes are kept', async (t) => {
  const fill = (bytes: number, then = '', where = '') => sh(`{ head -c ${bytes} /dev/zero | tr '\\0' x; printf '%s' '${then}'; } ${where}; exit 3`)
  const full = await runner.run({ argv: fill(65_536), timeout: minute })
  t.match(full, { kind: 'exited', code: 3 })
  t.equal(full.kind === 'exited' && full.stdout.length, 65_536)
  t.equal(full.kind === 'exited' && full.truncated, undefined)
  for (const bytes of [65_537, 5_000_000]) {
    const much = await runner.run({ argv: fill(bytes, 'the end'), timeout: minute })
    t.match(much, { kind: 'exited', code: 3, truncated: true })
    t.equal(much.kind === 'exited' && much.stdout.length, 65_536)
    t.ok(much.kind === 'exited' && much.stdout.endsWith('xthe end'))
  }
  t.match(await runner.run({ argv: fill(1_000, 'no space left', '>&2'), timeout: minute, outputLimit: 13 }), { kind: 'exited', code: 3, stderr: 'no space left' })
})

t.test('a command that prints without an end is bounded by its time alone', async (t) => {
  t.match(await runner.run({ argv: ['yes'], timeout: 300 }), { kind: 'timed_out' })
})

t.test('output just before the exit is not lost, even if the exit is noticed first', async (t) => {
  const folder = t.testdir()
  execFileSync('mkfifo', [join(folder, 'gate')])
  const running = runner.run({ argv: sh('echo $$ > pid.new; mv pid.new pid; read -r go < gate; head -c 60000 /dev/zero'.replaceAll(/pid|gate/g, (name) => join(folder, name))), timeout: minute })
  const [pid = 0] = await numbersIn(folder, 'pid')
  // Node reaps all children when one has ended. In between the turn's look for output and that reaping, let ours write and end.
  const other = spawn('echo', ['x'], { stdio: ['ignore', 'pipe', 'inherit'] })
  other.stdout.once('data', () => {
    writeFileSync(join(folder, 'gate'), 'go\n')
    while (lives(pid)) { /* the event loop must stand still */ }
  })
  while (lives(other.pid ?? 0)) { /* its output and its end are to be seen in one turn */ }
  const outcome = await running
  t.equal(outcome.kind === 'exited' ? outcome.stdout.length : outcome.kind, 60_000)
})

t.test('no timer and no listener is left', async (t) => {
  const clock = new ManualClock()
  const caller = new AbortController()
  await createCommandRunner(clock).run({ argv: ['true'], timeout: minute, signal: caller.signal })
  t.equal(clock.running, 0)
  t.equal(getEventListeners(caller.signal, 'abort').length, 0)
})

t.test('an abort with a grace: SIGTERM first, SIGKILL when the grace is over or the matter becomes urgent', async (t) => {
  for (const ends of ['by itself', 'by the grace', 'by urgency'] as const) {
    const folder = t.testdir({})
    const clock = new ManualClock()
    const [signal, urgent] = [new AbortController(), new AbortController()]
    const script = `trap 'echo 1 > ${folder}/told${ends === 'by itself' ? '; exit 0' : ''}' TERM; echo $$ > ${folder}/begun; while :; do sleep 0.02; done`
    const running = createCommandRunner(clock).run({ argv: sh(script), timeout: minute, signal: signal.signal, grace: 2_000, urgent: urgent.signal })
    const [pid = 0] = await numbersIn(folder, 'begun')
    signal.abort()
    await numbersIn(folder, 'told')
    if (ends !== 'by itself') t.ok(lives(pid), 'it has its grace')
    if (ends === 'by the grace') clock.advance(2_000)
    if (ends === 'by urgency') urgent.abort()
    // What remains of the group is looked for by this clock, too.
    const ended: unknown[] = []
    void running.then((outcome) => ended.push(outcome))
    while (ended.length === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(ends === 'by itself' ? 0.001 : 5)
    }
    t.same(await running, { kind: 'aborted' }, ends)
    t.notOk(lives(pid))
  }
})
