/** The example's Containerfile: what it copies is there, its sources build by themselves, and it runs what the build makes as a user without rights. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'

const text = readFileSync('examples/container/Containerfile', 'utf8')
const lines = text.replace(/\\\n/g, ' ').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
const wordsOf = (instruction: string): ReadonlyArray<readonly string[]> => lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.split(/\s+/).slice(1))
const commandOf = (line: string | undefined): readonly string[] => JSON.parse(/\bCMD (\[.*\])$/.exec(line ?? '')?.[1] ?? '[]') as string[]
const copied = wordsOf('COPY').filter(([first]) => first?.startsWith('--') !== true).flatMap((words) => words.slice(0, -1).map((from) => ({ from, to: words.at(-1) ?? '' })))
const handedOn = wordsOf('COPY').filter(([first]) => first === '--from=build').map(([, from = '', to = '']) => ({ from: from.replace(/^\/build\//, ''), to }))

t.test('what is copied is there', async (t) => {
  for (const { from } of copied) t.ok(existsSync(from), from)
  t.ok(copied.length > 5)
  for (const { from } of handedOn) t.ok(existsSync(from), `${from} of the first stage`)
  t.ok(handedOn.length > 5)
})

t.test('images and user', async (t) => {
  const images = wordsOf('FROM').map(([image = '']) => image)
  t.equal(images.length, 2)
  for (const image of images) t.match(image, /^node:\d+-bookworm(?:-slim)?$/, 'a plain name')
  const [made, run] = images.map((image) => image.replace('-slim', ''))
  t.equal(made, run, 'the client runs where it was built')
  t.strictSame(wordsOf('USER'), [['node']])
  t.ok(lines.findIndex((line) => line.startsWith('USER')) > lines.findLastIndex((line) => line.startsWith('COPY')), 'after everything was copied')
})

t.test('what it runs is what the build makes', async (t) => {
  const [, file = '', option, configuration] = commandOf(lines.find((line) => line.startsWith('CMD ')))
  t.strictSame([option, configuration], ['--config', '/etc/pvc/pvcapid.yaml'])
  t.ok(existsSync(file), file)
  t.ok(handedOn.some(({ to }) => file.startsWith(to)), `${file} is in the second stage`)
  const { paths } = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as { readonly paths: object }
  const check = commandOf(lines.find((line) => line.startsWith('HEALTHCHECK '))).join(' ')
  const [, path = ''] = /http:\/\/127\.0\.0\.1:7370(\/[\w/]+)'/.exec(check) ?? []
  t.ok(path in paths, path)
  t.equal(path, '/health/live')
})

t.test('what was copied builds and starts without the rest', { timeout: 250_000 }, async (t) => {
  const folder = t.testdir()
  for (const { from, to } of copied) {
    const target = to.endsWith('/') && !to.startsWith('.') && from.includes('/') ? join(folder, to, from.split('/').at(-1) ?? '') : join(folder, from)
    mkdirSync(join(target, '..'), { recursive: true })
    cpSync(from, target, { recursive: true })
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  rmSync(join(folder, 'src/pvcctl/client/api.d.ts'))
  const built = spawnSync('npm', ['run', '--silent', 'build', '--', '--noCheck'], { cwd: folder, encoding: 'utf8' })
  t.equal(built.status, 0, `${built.stdout}${built.stderr}`)
  const [, file = ''] = commandOf(lines.find((line) => line.startsWith('CMD ')))
  const ran = spawnSync(process.execPath, [file, '--version'], { cwd: folder, encoding: 'utf8' })
  t.strictSame([ran.status, ran.stderr], [0, ''])
})
