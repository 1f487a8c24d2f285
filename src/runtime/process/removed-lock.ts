/**
 * A removed lock file keeps its lock, but a process that opens its path no longer meets it. The kernel still shows the holder: the file is open in that
 * process, marked as deleted, with the lock.
 *
 * Guarantees: finds every process on this machine, this one excepted, that has the lock of a removed file which was at `path`, in the same file system.
 * Does not see processes of other users unless this one is root's.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Its process id; null if there is none. */
export function holderOfRemoved (path: string): number | null {
  const { dev } = lstatSync(dirname(path))
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
  return pids.find((pid) => pid !== process.pid && namesIn(`/proc/${pid}/fd`).some((fd) => isRemovedLock(pid, fd, path, dev))) ?? null
}

function isRemovedLock (pid: number, fd: string, path: string, dev: number): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== `${path} (deleted)`) return false
    // Another container can have a file of that name, in a file system of its own.
    return statSync(`/proc/${pid}/fd/${fd}`).dev === dev && /^lock:.*\bFLOCK\b/m.test(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
  } catch {
    // It has ended, or closed the file, meanwhile; or it is another user's.
    return false
  }
}

function namesIn (folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
