/** A log that is not read, or cannot be written, never holds the daemon up; what is lost is counted and said. */
import { spawn, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync, readSync, writeFileSync, readFileSync, fstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createServer, connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'

const fixture = join(import.meta.dirname, 'fixtures', 'log-writer.js')

/** The fixture with `stdout` as its stdout: a descriptor, or 'pipe' for a socket that nobody reads unless `out` is. */
function writer (t: Test, stdout: number | 'pipe', env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [fixture], { stdio: ['pipe', stdout, 'inherit', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', ...env } })
  t.teardown(() => child.kill('SIGKILL'))
  const reports = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  return {
    out: child.stdout,
    async burst (count: number): Promise<{ logged: number, dropped: number }> {
      child.stdin?.write(`burst ${count}\n`)
      return JSON.parse((await reports.next()).value) as { logged: number, dropped: number }
    },
    async exit (): Promise<number> {
      child.stdin?.write('exit\n')
      const [code] = await once(child, 'exit')
      return code as number
    },
  }
}

interface Line { readonly serial?: number, readonly dropped?: number, readonly msg: string }
const parsed = (text: string): Line[] => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line)

/** Everything that a pipe holds now. */
function taken (fd: number): string {
  const chunks: Buffer[] = []
  const buffer = Buffer.alloc(65_536)
  for (;;) {
    try {
      const length = readSync(fd, buffer)
      if (length === 0) break
      chunks.push(Buffer.from(buffer.subarray(0, length)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') break
      throw error
    }
  }
  return Buffer.concat(chunks).toString()
}

function fifo (t: Test): { read: number, write: number } {
  const path = join(t.testdir(), 'log')
  execFileSync('mkfifo', [path])
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const write = openSync(path, constants.O_WRONLY)
  return { read, write }
}

t.test('a pipe that nobody reads: nothing waits, lines beyond the bound are counted, and the process ends', async (t) => {
  const { read, write } = fifo(t)
  const daemon = writer(t, write)
  const first = await daemon.burst(3_000)
  t.equal(first.logged, 3_000)
  t.ok(first.dropped > 0 && first.dropped < 3_000, `${first.dropped} of 3,000 dropped`)
  t.equal(await daemon.exit(), 7)
  closeSync(write)
  closeSync(read)
})

t.test('a pipe that is read again: whole lines in order, the lost ones named', async (t) => {
  const { read, write } = fifo(t)
  const daemon = writer(t, write)
  const { dropped } = await daemon.burst(3_000)
  let text = ''
  // A line more for each look, until the notice has come through.
  while (!text.includes('"dropped"')) {
    text += taken(read)
    await daemon.burst(1)
  }
  t.equal(await daemon.exit(), 7)
  closeSync(write)
  text += taken(read)
  const lines = parsed(text)
  const serials = lines.flatMap(({ serial }) => serial === undefined ? [] : [serial])
  t.same(serials, serials.toSorted((a, b) => a - b), 'in order')
  const notices = lines.filter((line) => line.dropped !== undefined)
  t.match(notices[0], { level: 'warn', msg: /log lines were dropped/ })
  t.ok((notices[0]?.dropped ?? 0) >= dropped, `${notices[0]?.dropped} named, ${dropped} dropped`)
  closeSync(read)
})

t.test('what is logged last before the end comes out, and a reader that is slow is waited for', async (t) => {
  const daemon = writer(t, 'pipe')
  await daemon.burst(200)
  let text = ''
  daemon.out?.on('data', (chunk: Buffer) => { text += chunk.toString() })
  const ended = daemon.out === null ? undefined : once(daemon.out, 'end')
  t.equal(await daemon.exit(), 7)
  await ended
  t.equal(parsed(text).length, 200)
})

t.test('a socket that nobody reads', async (t) => {
  const daemon = writer(t, 'pipe')
  const { logged, dropped } = await daemon.burst(3_000)
  t.equal(logged, 3_000)
  t.ok(dropped > 0)
  t.equal(await daemon.exit(), 7)
})

t.test('a pipe whose reader is gone', async (t) => {
  const { read, write } = fifo(t)
  const daemon = writer(t, write)
  closeSync(read)
  t.same(await daemon.burst(10), { logged: 10, dropped: 10 })
  t.equal(await daemon.exit(), 7)
  closeSync(write)
})

t.test('a full disk', async (t) => {
  const full = openSync('/dev/full', 'w')
  const daemon = writer(t, full)
  t.same(await daemon.burst(10), { logged: 10, dropped: 10 })
  t.equal(await daemon.exit(), 7)
  closeSync(full)
})

t.test('a regular file has every line', async (t) => {
  const path = join(t.testdir({ log: '' }), 'log')
  writeFileSync(path, '')
  const file = openSync(path, 'a')
  const daemon = writer(t, file)
  t.same(await daemon.burst(3_000), { logged: 3_000, dropped: 0 })
  t.equal(await daemon.exit(), 7)
  closeSync(file)
  t.same(parsed(readFileSync(path, 'utf8')).map(({ serial }) => serial), Array.from({ length: 3_000 }, (_, n) => n))
})

t.test('lines to the journal begin with their priority, others do not', async (t) => {
  // Paths of sockets are short.
  const folder = mkdtempSync(join(tmpdir(), 'journal-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'journal')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.teardown(() => server.close())
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect(path)
  const [journal] = await accepted
  let text = ''
  journal.on('data', (chunk: Buffer) => { text += chunk.toString() })
  const { fd } = (client as unknown as { _handle: { fd: number } })._handle
  const { dev, ino } = fstatSync(fd)
  const daemon = writer(t, fd, { JOURNAL_STREAM: `${dev}:${ino}` })
  await daemon.burst(1)
  t.equal(await daemon.exit(), 7)
  const ended = once(journal, 'end')
  client.destroy()
  await ended
  t.match(text, /^<6>\{"level":"info".*\}\n$/)
})
