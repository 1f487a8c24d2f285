/**
 * Which packages of node_modules the daemons load, by the lockfile: what a Debian package has to hold. Of the native ZooKeeper client only what is loaded
 * is needed, not what builds it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optional?: boolean
}

export interface RuntimePackage {
  /** From the root: `node_modules/fastify`. */
  readonly folder: string
  /** What is needed of it, from its folder. */
  readonly parts: readonly string[]
}

/** What of a package builds it and is never loaded. */
const buildOnly: Readonly<Record<string, { readonly needs: readonly string[], readonly parts: readonly string[] }>> = {
  'node_modules/zookeeper': { needs: ['async', 'node-gyp-build'], parts: ['package.json', 'LICENSE-MIT.txt', 'lib', 'build/Release/zookeeper.node'] },
}

/** Sorted by folder. */
export function runtimePackages (root: string): readonly RuntimePackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { readonly packages: Readonly<Record<string, Locked>> }
  const found = new Set<string>()
  const visit = (at: string): void => {
    if (found.has(at)) return
    if (at !== '') found.add(at)
    for (const name of buildOnly[at]?.needs ?? Object.keys(packages[at]?.dependencies ?? {})) visit(resolved(packages, at, name))
  }
  visit('')
  return [...found].sort().map((folder) => ({ folder, parts: buildOnly[folder]?.parts ?? readdirSync(join(root, folder)).filter((part) => part !== 'node_modules') }))
}

/** Where Node finds `name` from `at`: the nearest node_modules upwards. */
function resolved (packages: Readonly<Record<string, Locked>>, at: string, name: string): string {
  for (let from = at; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    const folder = `${from === '' ? '' : `${from}/`}node_modules/${name}`
    if (folder in packages) return folder
    if (from === '') throw new Error(`${name}, which ${at} needs, is not in package-lock.json`)
  }
}
