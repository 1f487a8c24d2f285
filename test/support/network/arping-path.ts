/** A PATH on which one of the two programs called `arping` is, or none; everything else of this machine's PATH stays. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const arpings = ['iputils', 'Habets', 'none'] as const
export type Arping = typeof arpings[number]

/** What each needs of Debian; installed side by side they conflict. */
const PACKAGES = { iputils: ['iputils-arping'], Habets: ['arping', 'libnet1', 'libpcap0.8'], none: [] } as const
const PROGRAM = { iputils: 'usr/bin/arping', Habets: 'usr/sbin/arping' } as const

/**
 * Fetches the packages; needs apt. Throws if the program that is then found is another one than asked for.
 * @param folder empty; what is made in it is the caller's to remove
 */
export function pathWith (arping: Arping, folder: string): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  for (const place of (process.env['PATH'] ?? '').split(':')) {
    for (const name of listed(place)) {
      if (name === 'arping') continue
      try {
        symlinkSync(join(place, name), join(bin, name))
      } catch (error) {
        // The first in PATH is the one that counts.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  }
  if (arping === 'none') return bin
  const root = join(folder, 'root')
  execFileSync('apt-get', ['download', ...PACKAGES[arping]], { cwd: folder, stdio: 'ignore' })
  for (const file of listed(folder).filter((name) => name.endsWith('.deb'))) execFileSync('dpkg', ['-x', join(folder, file), root])
  const libraries = listed(join(root, 'usr', 'lib')).map((name) => join(root, 'usr', 'lib', name)).join(':')
  writeFileSync(join(bin, 'arping'), `#!/bin/sh\nLD_LIBRARY_PATH=${libraries} exec ${join(root, PROGRAM[arping])} "$@"\n`, { mode: 0o755 })
  const said = execFileSync('sh', ['-c', 'arping -V 2>&1 || arping --help 2>&1'], { encoding: 'utf8', env: { ...process.env, PATH: bin } })
  if (!said.includes(arping)) throw new Error(`The arping in ${bin} is not that of ${arping}: ${said}`)
  return bin
}

function listed (folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
