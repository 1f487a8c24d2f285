/**
 * `npm run campaign -- package`, first half: the Debian package is built, installed into a root of its own by dpkg, both daemons are started from there on a real
 * ZooKeeper and do their work, with each Node that the package is for; an upgrade keeps what was configured, and purging leaves nothing. What needs systemd itself (units that run) is looked at by
 * systemd-analyze alone.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { ZooKeeperServer } from '../../tools/testbed/zookeeper-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'pvc-package-'))
const root = join(folder, 'root')
const at = (path: string) => join(root, path)
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function build (...args: string[]): string {
  return execFileSync('node', ['dist/tools/package-deb.js', '--out', folder, ...args], { encoding: 'utf8' }).trim()
}

/** dpkg in that root; its own dependencies are not there, and its scripts are told the root instead of being locked into it. */
function dpkg (...args: string[]): { readonly status: number | null, readonly output: string } {
  const { status, stdout, stderr } = spawnSync('dpkg', [`--root=${root}`, '--force-depends', '--force-script-chrootless', '--force-confold', ...args], { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

/** Every file and link below, but for dpkg's own. */
const present = (): readonly string[] => readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(root.length)).filter((path) => !path.startsWith('/var/lib/dpkg/')).sort()

/** Other Nodes than the one that runs this, with their headers, as npm has them. */
const others = [20, 22, 24].filter((major) => major !== Number(process.versions.node.split('.')[0])).map((major) => ({ major, prefix: join(folder, `node-${major}`) }))

function fetchNode (major: number, prefix: string): void {
  mkdirSync(prefix, { recursive: true })
  const [archive = ''] = execFileSync('npm', ['pack', '--silent', `node-linux-${process.arch}@${major}`], { cwd: prefix, encoding: 'utf8' }).trim().split('\n').slice(-1)
  execFileSync('tar', ['-xzf', archive, '--strip-components=1'], { cwd: prefix })
}

/** For the Node that runs this. */
let deb: string
/** For all. */
let wide: string
const zookeeper = new ZooKeeperServer()
t.teardown(async () => await zookeeper.remove())

t.before(() => {
  for (const path of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'etc']) mkdirSync(at(path), { recursive: true })
  for (const path of ['var/lib/dpkg/status', 'var/lib/dpkg/available', 'etc/passwd', 'etc/group']) writeFileSync(at(path), '')
  deb = build()
  for (const { major, prefix } of others) fetchNode(major, prefix)
  wide = build('--out', join(folder, 'wide'), ...others.flatMap(({ prefix }) => ['--node', prefix]))
})

t.test('what it holds', async (t) => {
  const listing = execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' }).trim().split('\n')
  t.ok(listing.every((line) => / root\/root /.test(line)), 'all of it belongs to root')
  const paths = listing.map((line) => line.split(/ +/)[5] ?? '')
  t.strictSame(paths.filter((path) => /\.(ts|map|cpp|gyp|patch)$|\/(test|bench|scripts)\//.test(path) && !/\/(examples|node_modules)\//.test(path)), [], 'no source, no test')
  t.strictSame(paths.filter((path) => /\/usr\/lib\/pvcapid\/node_modules\/(tap|typescript|eslint|nan|shelljs|tar)\//.test(path)), [], 'nothing that only builds')
  t.strictSame(paths.filter((path) => path.endsWith('.node')), [`./usr/lib/pvcapid/node_modules/zookeeper/prebuilds/linux-${process.arch}/node.abi${process.versions.modules}.node`], 'one addon')
  t.equal(execFileSync('sha256sum', [build()], { encoding: 'utf8' }), execFileSync('sha256sum', [deb], { encoding: 'utf8' }), 'built twice, the same')
})

t.test('the units and man pages are as their readers want them', async (t) => {
  const stage = join(folder, 'unpacked')
  execFileSync('dpkg-deb', ['--extract', deb, stage])
  for (const daemon of ['pvcapid', 'pvcnoded']) {
    const page = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', join(stage, `usr/share/man/man8/${daemon}.8.gz`)], { encoding: 'utf8' })
    t.strictSame([page.status, page.stderr], [0, ''], daemon)
    const shown = spawnSync('man', ['-l', join(stage, `usr/share/man/man8/${daemon}.8.gz`)], { encoding: 'utf8' }).stdout
    const { stdout: help } = spawnSync('node', [`dist/src/${daemon}/main.js`, '--help'], { encoding: 'utf8' })
    for (const [option] of help.matchAll(/--[a-z]+/g)) t.ok(shown.includes(option), `${daemon}: ${option} is in the man page`)
    const unit = spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', '--man=no', `--root=${stage}`, `${daemon}.service`], { encoding: 'utf8' })
    t.notMatch(unit.stderr, new RegExp(`${daemon}.service.*(Unknown|Failed|Invalid|ignoring)`), unit.stderr)
    const text = readFileSync(join(stage, `usr/lib/systemd/system/${daemon}.service`), 'utf8')
    for (const [, program = ''] of text.matchAll(/^Exec\w+=(\/usr\/bin\/\S+)/gm)) t.ok(existsSync(join(stage, program)), program)
  }
  const page = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', join(stage, 'usr/share/man/man1/pvcctl.1.gz')], { encoding: 'utf8' })
  t.strictSame([page.status, page.stderr], [0, ''], 'pvcctl')
  for (const path of ['bash-completion/completions/pvcctl', 'zsh/vendor-completions/_pvcctl', 'fish/vendor_completions.d/pvcctl.fish']) t.ok(existsSync(join(stage, 'usr/share', path)), path)
  const unit = readFileSync(join(stage, 'usr/lib/systemd/system/pvcnoded.service'), 'utf8')
  for (const line of ['Type=notify', 'NotifyAccess=all', 'WatchdogSec=5', 'ExecStopPost=/usr/bin/pvcnoded --release --config /etc/pvc/pvcnoded.yaml']) t.ok(unit.split('\n').includes(line), line)
})

t.test('installed', async (t) => {
  const { status, output } = dpkg('--install', wide)
  t.equal(status, 0, output)
  t.match(readFileSync(at('etc/passwd'), 'utf8'), /^pvcapid:x:\d+:\d+:.*nologin$/m, 'the system user is there')
  const group = Number(/^pvcapid:[^:]*:(\d+):/m.exec(readFileSync(at('etc/group'), 'utf8'))?.[1])
  const configuration = statSync(at('etc/pvc/pvcapid.yaml'))
  t.strictSame([configuration.mode & 0o777, configuration.gid, configuration.uid], [0o640, group, 0], 'readable by its group alone')
  t.equal(statSync(at('etc/pvc/pvcnoded.yaml')).mode & 0o777, 0o600)
  for (const daemon of ['pvcapid', 'pvcnoded']) {
    const check = spawnSync(at(`usr/bin/${daemon}`), ['--check', '--config', at(`etc/pvc/${daemon}.yaml`)], { encoding: 'utf8', cwd: '/' })
    t.equal(check.status, 0, `${daemon}: the file that comes with it can be used: ${check.stderr}`)
    t.match(spawnSync(at(`usr/bin/${daemon}`), ['--version'], { encoding: 'utf8', cwd: '/' }).stdout, /^\d+\.\d+\.\d+\n$/)
  }
  t.match(spawnSync(at('usr/bin/pvcctl'), ['--version'], { encoding: 'utf8', cwd: '/' }).stdout, /^\d+\.\d+\.\d+\n$/)
})

t.test('used', { timeout: 240_000 }, async (t) => {
  await zookeeper.start()
  for (const daemon of ['pvcapid', 'pvcnoded']) {
    const { pvc } = parse(readFileSync(at(`etc/pvc/${daemon}.yaml`), 'utf8')) as { pvc: Record<string, unknown> }
    const held = ['sh', '-c', 'exit 0']
    writeFileSync(at(`etc/pvc/${daemon}.yaml`), stringify({
      pvc: {
        ...pvc,
        coordinators: [zookeeper.connectString],
        ...daemon === 'pvcapid'
          ? { api: { listen_port: 0 } }
          : { zookeeper: { session_timeout: 10 }, coordinator: { resources: [{ name: 'job', type: 'command', acquire: held, release: held }] } },
      },
    }))
  }
  for (const bin of ['', ...others.map(({ prefix }) => join(prefix, 'bin'))]) {
    const path = `${bin}:${process.env['PATH'] ?? ''}`
    await t.test(execFileSync('node', ['--version'], { encoding: 'utf8', env: { PATH: path } }).trim(), async (t) => await use(t, path))
  }
})

/** @param path where the daemons find the Node that runs them */
async function use (t: Test, path: string): Promise<void> {
  const env = { ...process.env, PATH: path }
  const start = (daemon: string) => {
    const child = spawn(at(`usr/bin/${daemon}`), ['--config', at(`etc/pvc/${daemon}.yaml`)], { cwd: '/', env, stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => { child.kill('SIGKILL') })
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    return { child, ended, lines: createInterface({ input: child.stdout }) }
  }
  const node = start('pvcnoded')
  node.lines.resume()
  const api = start('pvcapid')
  let port = 0
  for await (const line of api.lines) {
    port = (JSON.parse(line) as { port?: number }).port ?? 0
    if (port !== 0) break
  }
  const ask = async (path: string) => await (await fetch(`http://127.0.0.1:${port}/api/v1${path}`)).json() as { name: string | null, settled: boolean, epoch: number | null }
  let primary = await ask('/primary')
  for (let wait = 0; !(primary.name === 'hv1' && primary.settled) && wait < 600; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    primary = await ask('/primary')
  }
  t.match(primary, { name: 'hv1', settled: true }, 'the installed node is primary')
  t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200, 'the status page is there')
  const shown = spawnSync(at('usr/bin/pvcctl'), ['--api', `http://127.0.0.1:${port}`, 'list', '--quiet'], { encoding: 'utf8', env })
  t.equal(shown.stdout, 'hv1\n', `pvcctl asks it: ${shown.stderr}`)
  t.equal((await fetch(`http://127.0.0.1:${port}/docs/`)).status, 200, 'and Swagger UI')
  const release = spawnSync(at('usr/bin/pvcnoded'), ['--release', '--config', at('etc/pvc/pvcnoded.yaml')], { encoding: 'utf8' })
  t.equal(release.status, 75, 'nothing is released under its feet')
  node.child.kill('SIGTERM')
  t.equal(await node.ended, 0, 'pvcnoded stops in order')
  api.child.kill('SIGTERM')
  t.equal(await api.ended, 0, 'pvcapid stops in order')
  t.equal(spawnSync(at('usr/bin/pvcnoded'), ['--release', '--config', at('etc/pvc/pvcnoded.yaml')]).status, 0)
}

t.test('upgraded: what was configured stays', async (t) => {
  const before = readFileSync(at('etc/pvc/pvcapid.yaml'), 'utf8')
  const { status, output } = dpkg('--install', build('--version', '0.1.1~test'))
  t.equal(status, 0, output)
  t.equal(readFileSync(at('etc/pvc/pvcapid.yaml'), 'utf8'), before)
  t.equal(spawnSync(at('usr/bin/pvcapid'), ['--version'], { encoding: 'utf8' }).stdout, '0.1.1~test\n')
})

t.test('removed, then purged', async (t) => {
  t.equal(dpkg('--remove', 'pvcapid').status, 0)
  t.ok(existsSync(at('etc/pvc/pvcapid.yaml')), 'removing keeps the configuration')
  t.notOk(existsSync(at('usr/bin/pvcapid')))
  const { status, output } = dpkg('--purge', 'pvcapid')
  t.equal(status, 0, output)
  // The user stays, so that its number is not given to somebody else.
  t.strictSame(present().filter((path) => !/^\/etc\/(passwd|group|shadow|gshadow|\.pwd\.lock)-?$/.test(path)), [], 'purging leaves nothing')
  t.notOk(existsSync(at('etc/pvc')))
})
