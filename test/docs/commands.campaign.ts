/**
 * `npm run campaign -- commands`: every command of the pages, as it stands, on a cluster whose hv1 has its pvcapid at the usual port. Each has to exit 0 and, where the
 * page promises it, say so; each request that the page itself makes has to be answered 2xx, unless its text deals with another answer. What is
 * not run is listed.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { asUser, packageFolder } from '../../tools/testbed/daemon-process.ts'
import { cluster, quick } from '../support/cluster.ts'
import { commandPages, commandsOf } from './support/commands.ts'

const PORT = 7370
/** Milliseconds for one block. */
const PATIENCE = 240_000

t.test('every command does what the page says', { timeout: 1_200_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2', 'hv3'], ...quick })
  await made.startApi('hv1', PORT)
  await watcher.settled()
  const folder = mkdtempSync(join(tmpdir(), 'pvc-commands-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  // The real curl, which says the status of each answer on stderr besides.
  writeFileSync(join(folder, 'curl'), ['#!/bin/sh', 'exec /usr/bin/curl --write-out "%{stderr}HTTP %{http_code}\\n" "$@"', ''].join('\n'))
  writeFileSync(join(folder, 'pvcctl'), ['#!/bin/sh', `exec ${asUser([process.execPath, join(packageFolder(), 'dist', 'src', 'pvcctl', 'main.js')]).join(' ')} "$@"`, ''].join('\n'))
  for (const program of ['curl', 'pvcctl']) chmodSync(join(folder, program), 0o755)

  const run = async (text: string, says: RegExp | null, endless: boolean): Promise<{ readonly exit: number | null, readonly output: string }> => {
    const child = spawn('sh', ['-eu', '-c', text], { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` } })
    const end = () => { if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM') }
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (endless && says?.test(output) === true) end()
      })
    }
    const timer = setTimeout(end, PATIENCE)
    const exit = await new Promise<number | null>((resolve) => child.once('close', resolve))
    clearTimeout(timer)
    return { exit, output }
  }

  let count = 0
  for (const file of commandPages.filter((page) => existsSync(page))) {
    const variables: string[] = []
    for (const { at, text, notRun, says, endless } of commandsOf(file)) {
      if (notRun !== null) {
        t.comment(`not run: ${at}: ${notRun}`)
        continue
      }
      count++
      const { exit, output } = await run([...variables, text].join('\n'), says, endless)
      if (!endless) t.equal(exit, 0, `${at} exits 0\n${output}`)
      if (says !== null) t.match(output, says, `${at} says what it promises`)
      const answers = [...output.matchAll(/^HTTP (\d+)$/gm)].map(([, status = '']) => status)
      if (!endless && !text.includes('||') && !text.includes('examples/')) t.ok(answers.every((status) => status.startsWith('2')), `${at}: answers ${answers.join(' ')}`)
      variables.push(...text.split('\n').filter((line) => /^[a-z]+=\S*$/.test(line)))
    }
  }
  t.comment(`${count} blocks were run`)
  t.same(made.collisions(), [])
})
