/**
 * Which process has claimed what a file stands for, by what the kernel shows of it: such a process has the file open, and a lock file of that purpose, with its
 * lock. A lock file that was removed, renamed or hidden by another file system, and a file that is known by another name by now, hide it from those who look at
 * paths.
 *
 * Guarantees: finds every such process on this machine, this one excepted.
 * Does not see processes of other users unless this one is root's, nor those of another pid namespace.
 */
import { readdirSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs'
import { basename } from 'node:path'

export type FileIdentity = Pick<Stats, 'dev' | 'ino'>

/**
 * @param path of the file, without symbolic links: a process has claimed the file that was there before it was replaced, too
 * @param file what is at `path` now
 * @returns the process id; null if there is none
 */
export function holderOf (purpose: string, path: string, file: FileIdentity): number | null {
  const lockName = new RegExp(`^${purpose}-[0-9a-f]{16}\\.lock(?: \\(deleted\\))?$`)
  const pids = namesIn('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
  return pids.find((pid) => {
    if (pid === process.pid) return false
    const open = namesIn(`/proc/${pid}/fd`).map((fd) => ({ fd, target: targetOf(pid, fd) }))
    return open.some(({ fd, target }) => lockName.test(basename(target)) && isLocked(pid, fd)) && open.some(({ fd, target }) => isFile(pid, fd, target, path, file))
  }) ?? null
}

function isFile (pid: number, fd: string, target: string, path: string, file: FileIdentity): boolean {
  const found = statOf(pid, fd)
  if (found === null || found.dev !== file.dev) return false
  // Another container can have a file of that name, in a file system of its own.
  return found.ino === file.ino || target === path || target === `${path} (deleted)`
}

function isLocked (pid: number, fd: string): boolean {
  return attempt(() => /^lock:.*\bFLOCK\b/m.test(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')), false)
}

const statOf = (pid: number, fd: string): FileIdentity | null => attempt(() => statSync(`/proc/${pid}/fd/${fd}`), null)
const targetOf = (pid: number, fd: string): string => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')
const namesIn = (folder: string): readonly string[] => attempt(() => readdirSync(folder), [])

/** A process has ended, or closed the file, meanwhile; or it is another user's. */
function attempt<T> (look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
