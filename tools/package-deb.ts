/**
 * `npm run package:deb`: builds build/pvcapid_VERSION_ARCH.deb with dpkg-deb from the built tree and packaging/. Guarantees: it holds what runs and nothing
 * else (of each package in node_modules only what the daemons' dependencies lead to, of the native client only what is loaded), everything belongs to root,
 * and the same tree makes the same file. Needs no root, and a client that tools/setup.sh has built.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildFor, ownBuild, placeOf } from './client-builds.ts'
import { programArguments } from './program-arguments.ts'
import { packageFolder } from './testbed/daemon-process.ts'
import { runtimePackages } from './runtime-packages.ts'

const root = packageFolder()
const { values: { version: wantedVersion, out, node: others } } = programArguments({
  name: 'npm run package:deb',
  options: [
    '--version V    of the package; that of package.json by default',
    '--out FOLDER   where it is put; build/ by default',
    '--node FOLDER  another Node that it is to run with beside the one that builds it, with bin/node and include/node; may be given several times',
  ],
}, { options: { version: { type: 'string' }, out: { type: 'string', default: join(root, 'build') }, node: { type: 'string', multiple: true, default: [] } } })
const { version: ownVersion } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }
const version = wantedVersion ?? ownVersion
const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim()
const stage = mkdtempSync(join(tmpdir(), 'pvc-deb-'))
process.once('exit', () => rmSync(stage, { recursive: true, force: true }))
const builds = [ownBuild(root), ...others.map((prefix) => buildFor(root, prefix, join(stage, 'clients')))].sort((one, other) => one.major - other.major)
const majors = builds.map(({ major }) => major)
const twice = majors.find((major, index) => majors.indexOf(major) !== index)
if (twice !== undefined) throw new Error(`Node ${twice} is named twice`)

/** Copies files, without what only developers need. */
function copy (from: string, to: string): void {
  cpSync(join(root, from), to, { recursive: true, dereference: true, filter: (file) => !/\.(map|d\.ts|d\.mts|d\.cts)$|\.gitignore$/.test(file) })
}

function write (file: string, content: string | Buffer, mode: number): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}

const template = (name: string): string => readFileSync(join(root, 'packaging', name), 'utf8')
  .replaceAll('@VERSION@', version).replaceAll('@ARCHITECTURE@', architecture).replaceAll('@NODE@', String(majors[0])).replaceAll('@NEXT_NODE@', String((majors.at(-1) ?? 0) + 1)).replaceAll('@NODES@', new Intl.ListFormat('en-GB').format(majors.map(String)))

/** The programs with what they need, under `lib`. */
function installProgram (lib: string): void {
  for (const part of ['dist/src', 'dist/routes', 'dist/schemas', 'public', 'LICENSE']) copy(part, join(lib, part))
  const { name, description, license, type, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>
  write(join(lib, 'package.json'), `${JSON.stringify({ name, version, description, license, type, engines }, null, 2)}\n`, 0o644)
  for (const { folder, parts } of runtimePackages(root)) {
    for (const part of parts) copy(join(folder, part), join(lib, folder, part))
  }
  for (const each of builds) {
    const place = join(lib, 'node_modules/zookeeper', placeOf(each))
    mkdirSync(dirname(place), { recursive: true })
    cpSync(each.file, place)
  }
}

/** Directories 755, files 644 or, where they are run, 755; the addon is loaded, not run. */
function normalise (folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink()) continue
    if (entry.isDirectory()) normalise(path)
    else chmodSync(path, /\/dist\/src\/\w+\/main\.js$|\/examples\/[^/]*\.sh$/.test(path) ? 0o755 : 0o644)
  }
  chmodSync(folder, 0o755)
}

function kilobytes (folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .reduce((sum, entry) => sum + (entry.isFile() ? Math.ceil(statSync(join(entry.parentPath, entry.name)).size / 1024) : 1), 0)
}

function build (stage: string): string {
  const lib = join(stage, 'usr/lib/pvcapid')
  installProgram(lib)
  const documents = join(stage, 'usr/share/doc/pvcapid')
  for (const part of ['README.md', 'docs', 'examples']) copy(part, join(documents, part))
  write(join(documents, 'copyright'), template('debian/copyright'), 0o644)
  write(join(documents, 'changelog.gz'), gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }), 0o644)
  for (const daemon of ['pvcapid', 'pvcnoded']) {
    mkdirSync(join(stage, 'usr/bin'), { recursive: true })
    symlinkSync(`../lib/pvcapid/dist/src/${daemon}/main.js`, join(stage, 'usr/bin', daemon))
    write(join(stage, `usr/lib/systemd/system/${daemon}.service`), template(`systemd/${daemon}.service`), 0o644)
    write(join(stage, `usr/share/man/man8/${daemon}.8.gz`), gzipSync(template(`man/${daemon}.8`), { level: 9 }), 0o644)
    write(join(stage, `etc/pvc/${daemon}.yaml`), readFileSync(join(root, `${daemon}.yaml.example`)), 0o644)
  }
  symlinkSync('../lib/pvcapid/dist/src/pvcctl/main.js', join(stage, 'usr/bin/pvcctl'))
  write(join(stage, 'usr/share/man/man1/pvcctl.1.gz'), gzipSync(template('man/pvcctl.1'), { level: 9 }), 0o644)
  for (const [shell, place] of [['bash', 'bash-completion/completions/pvcctl'], ['zsh', 'zsh/vendor-completions/_pvcctl'], ['fish', 'fish/vendor_completions.d/pvcctl.fish']] as const) {
    write(join(stage, 'usr/share', place), template(`completions/pvcctl.${shell}`), 0o644)
  }
  write(join(stage, 'usr/lib/sysusers.d/pvcapid.conf'), template('debian/sysusers.conf'), 0o644)
  normalise(stage)
  // Keys, and the password of the management controller.
  chmodSync(join(stage, 'etc/pvc/pvcapid.yaml'), 0o640)
  chmodSync(join(stage, 'etc/pvc/pvcnoded.yaml'), 0o600)
  write(join(stage, 'DEBIAN/control'), template('debian/control').replace('@SIZE@', String(kilobytes(stage))), 0o644)
  write(join(stage, 'DEBIAN/conffiles'), '/etc/pvc/pvcapid.yaml\n/etc/pvc/pvcnoded.yaml\n', 0o644)
  for (const script of ['postinst', 'prerm', 'postrm']) write(join(stage, 'DEBIAN', script), template(`debian/${script}`), 0o755)
  chmodSync(join(stage, 'DEBIAN'), 0o755)
  mkdirSync(out, { recursive: true })
  const file = join(out, `pvcapid_${version}_${architecture}.deb`)
  const newest = statSync(join(root, 'package.json')).mtimeMs
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', stage, file], {
    stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, SOURCE_DATE_EPOCH: process.env['SOURCE_DATE_EPOCH'] ?? String(Math.floor(newest / 1000)) },
  })
  return file
}

console.log(build(join(stage, 'package')))
