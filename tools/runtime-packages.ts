/**
 * Which packages of node_modules the daemons load, by the lockfile: what a Debian package has to hold. Of the native ZooKeeper client only what is loaded
 * is needed, not what builds it; its addons come from client-builds.ts.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Locked {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}
type LockedPackages = Readonly<Record<string, Locked>>

export interface RuntimePackage {
  /** From the root: `node_modules/fastify`. */
  readonly folder: string
  /** What is needed of it, from its folder. */
  readonly parts: readonly string[]
}

/** What of a package builds it and is never loaded. */
const buildOnly: Readonly<Record<string, { readonly needs: readonly string[], readonly parts: readonly string[] }>> = {
  'node_modules/zookeeper': { needs: ['async', 'node-gyp-build'], parts: ['package.json', 'LICENSE-MIT.txt', 'lib'] },
}

/** Sorted by folder. */
export function runtimePackages (root: string): readonly RuntimePackage[] {
  const found = closure(lockedPackages(root), '', (at, { dependencies = {} }) => buildOnly[at]?.needs ?? Object.keys(dependencies))
  return [...found].sort().map((folder) => ({ folder, parts: buildOnly[folder]?.parts ?? readdirSync(join(root, folder)).filter((part) => part !== 'node_modules') }))
}

/** Every package by its folder, as package-lock.json has them; the root is ''. */
export function lockedPackages (root: string): LockedPackages {
  return (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { readonly packages: LockedPackages }).packages
}

/** The folders of all packages that the one at `start` leads to, without itself. */
export function closure (packages: LockedPackages, start: string, needs = (_at: string, { dependencies = {} }: Locked): readonly string[] => Object.keys(dependencies)): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (at: string): void => {
    for (const name of needs(at, packages[at] ?? {})) {
      const next = resolved(packages, at, name)
      if (found.has(next)) continue
      found.add(next)
      visit(next)
    }
  }
  visit(start)
  return found
}

/** Where Node finds `name` from `at`: the nearest node_modules upwards. */
function resolved (packages: LockedPackages, at: string, name: string): string {
  for (let from = at; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    const folder = `${from === '' ? '' : `${from}/`}node_modules/${name}`
    if (folder in packages) return folder
    if (from === '') throw new Error(`${name}, which ${at} needs, is not in package-lock.json`)
  }
}
