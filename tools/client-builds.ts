/** The native ZooKeeper client for several versions of Node side by side, named so that each loads its own (`node-gyp-build`). */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'

const CLIENT = 'node_modules/zookeeper'
const ADDON = 'build/Release/zookeeper.node'

export interface ClientBuild {
  readonly major: number
  /** The version of Node's interface for native code: one for each major version. */
  readonly abi: string
  readonly arch: string
  /** The built addon. */
  readonly file: string
}

/** Where it belongs in the package of the client. */
export const placeOf = ({ abi, arch }: ClientBuild): string => `prebuilds/linux-${arch}/node.abi${abi}.node`

/** That of the Node that runs this, as tools/setup.sh has built it. */
export function ownBuild (root: string): ClientBuild {
  const file = join(root, CLIENT, ADDON)
  if (!existsSync(file)) throw new Error('the native ZooKeeper client is not built: run sh tools/setup.sh')
  return { ...abiOf(process.execPath), file }
}

/**
 * Builds the patched client of `root` in a folder of its own.
 * @param prefix where another Node is, with bin/node and its headers in include/node
 * @param into an existing folder for what is built
 */
export function buildFor (root: string, prefix: string, into: string): ClientBuild {
  const node = resolve(prefix, 'bin/node')
  for (const needed of [node, resolve(prefix, 'include/node/node_version.h')]) if (!existsSync(needed)) throw new Error(`${needed} is missing: a Node with its headers is needed, as its archive has them`)
  const found = abiOf(node)
  const folder = mkdtempSync(join(tmpdir(), 'pvc-client-'))
  try {
    const client = join(folder, 'zookeeper')
    cpSync(join(root, CLIENT), client, { recursive: true, filter: (file) => file !== join(root, CLIENT, 'build') })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`, npm_config_nodedir: resolve(prefix) }
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--ignore-scripts=false', 'install'], { cwd: client, env, encoding: 'utf8' })
    if (status !== 0 || !existsSync(join(client, ADDON))) throw new Error(`the native ZooKeeper client could not be built for Node ${found.major}:\n${stdout}${stderr}`)
    execFileSync(node, ['-e', 'require(process.argv[1])', join(client, ADDON)])
    const file = join(into, `${found.abi}.node`)
    mkdirSync(into, { recursive: true })
    cpSync(join(client, ADDON), file)
    return { ...found, file }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function abiOf (node: string): Omit<ClientBuild, 'file'> {
  const [version = '', abi = '', arch = ''] = execFileSync(node, ['-p', '[process.versions.node, process.versions.modules, process.arch].join(" ")'], { encoding: 'utf8' }).trim().split(' ')
  return { major: Number(version.split('.')[0]), abi, arch }
}
