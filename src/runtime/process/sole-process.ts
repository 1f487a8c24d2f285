/**
 * One process at a time for one purpose on this machine. The mark is a lock of flock(2) on a file in a run-time directory that only its owner may write
 * to: taken atomically, and released by the kernel when the process ends, however it ends. A file that is left over means nothing. One that is removed
 * while its lock is held is no way in for another process, nor is another directory in its place or another name of the claimed file: the kernel is asked for a
 * holder (`lock-holder.ts`). `SoleClaim.renew` puts the lock file back. The file holds a note that says who has it, for people: it decides nothing.
 *
 * The lock is taken by util-linux's `flock` on a descriptor of this process, which therefore keeps it: Node has no call for it.
 * Does not guarantee anything between machines or containers that do not share the directory.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, closeSync, constants, fstatSync, ftruncateSync, lstatSync, mkdirSync, openSync, readFileSync, realpathSync, statfsSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { holderOf } from './lock-holder.ts'

/** The file or its directory cannot be used; the message says why and what to do. */
export class SoleProcessError extends Error {
  readonly code = 'run_directory_unusable'
}

/** Of util-linux: it locks. */
export const LOCKER = 'flock'
/** The exit status by which it says that another process has the lock. */
const TAKEN = 75
const OTHERS_MAY_WRITE = 0o022

/** By their numbers in statfs(2), file systems in which nothing can be made: proc, sysfs, cgroup2, cgroup. */
const kernelFileSystems = new Set([0x9fa0, 0x62656572, 0x63677270, 0x27e0eb])

/** Attempts to lock a file that is replaced at the same time. */
const ATTEMPTS = 10

/** How the lock file was found: as it was left, missing or another one and put back, or in the hands of another process, which began after it had gone. */
export type LockFileState = 'kept' | 'put_back' | 'taken'

/** Being the sole process, until it is disposed of. */
export class SoleClaim implements Disposable {
  /** Of the lock file. */
  readonly path: string
  #lock: number
  /** The claimed file, which is kept open: by it and the lock the kernel shows this process to others. */
  readonly #file: number
  readonly #note: string

  constructor (path: string, lock: number, file: number, note: string) {
    this.path = path
    this.#lock = lock
    this.#file = file
    this.#note = note
    write(lock, note)
  }

  /** Looks whether the lock file is still there, and puts it back if it is not. Throws a `SoleProcessError` if that cannot be done. */
  renew (): LockFileState {
    if (isAt(this.path, this.#lock)) return 'kept'
    checkDirectory(dirname(this.path))
    const lock = lockAt(this.path)
    if (lock === null) return 'taken'
    // The new lock first: there is no moment without one.
    closeSync(this.#lock)
    this.#lock = lock
    write(lock, this.#note)
    return 'put_back'
  }

  [Symbol.dispose] (): void {
    closeSync(this.#lock)
    closeSync(this.#file)
  }
}

/**
 * Claims what `file` stands for, under whatever path it is named; null if another process has it.
 * @param directory made if it is missing; has to belong to this user or to root, and no other user may write to it
 * @param note who this is, for `holderNote`
 * @throws SoleProcessError
 */
export function claimSole (purpose: string, file: string, directory: string, note = ''): SoleClaim | null {
  checkDirectory(directory)
  const path = lockPath(purpose, file, directory)
  const lock = lockAt(path)
  if (lock === null) return null
  // Open first: of two processes that look at the same time, one at least sees the other.
  const claimed = openSync(file, constants.O_RDONLY)
  if (claimedBy(purpose, file) === null) return new SoleClaim(path, lock, claimed, note)
  closeSync(claimed)
  closeSync(lock)
  return null
}

/** Another process that has claimed `file`, whatever has become of its lock file: its process id, or null. */
export const claimedBy = (purpose: string, file: string): number | null => holderOf(purpose, realpathSync(file), statSync(file))

/** The note of the holder; null if it cannot be read. */
export function holderNote (purpose: string, file: string, directory: string): string | null {
  try {
    const note = readFileSync(lockPath(purpose, file, directory), 'utf8').slice(0, LONGEST_NOTE).trim()
    return note === '' ? null : note
  } catch {
    return null
  }
}

/** Characters of a note at most. */
const LONGEST_NOTE = 500

function lockPath (purpose: string, file: string, directory: string): string {
  const digest = createHash('sha256').update(realpathSync(file)).digest('hex').slice(0, 16)
  return join(realpathSync(directory), `${purpose}-${digest}.lock`)
}

function write (lock: number, note: string): void {
  try {
    ftruncateSync(lock)
    writeSync(lock, `${note}\n`, 0)
  } catch {
    // A file system that is full keeps no daemon from starting.
  }
}

/** A locked descriptor of the file that is at `path`, made if it is missing; null if another process has locked it. */
function lockAt (path: string): number | null {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const lock = openLock(path)
    const { status, error, stderr } = spawnSync(LOCKER, ['--nonblock', '--conflict-exit-code', String(TAKEN), '3'], { stdio: ['ignore', 'ignore', 'pipe', lock], encoding: 'utf8' })
    // A file that was removed or replaced since it was opened excludes no other process.
    if (status === 0 && isAt(path, lock)) return lock
    closeSync(lock)
    if (status === TAKEN) return null
    if (status !== 0) throw new SoleProcessError(`${path} cannot be locked: ${error === undefined ? `flock exited with ${String(status)}: ${stderr.trim()}` : `flock (of util-linux) cannot be run (${codeOf(error)})`}.`)
  }
  throw new SoleProcessError(`The lock file ${path} is removed again and again. Find out what cleans its directory.`)
}

function openLock (path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (error) {
    throw new SoleProcessError(`The lock file ${path} cannot be opened (${codeOf(error)}).`)
  }
}

/** Whether the file at `path` is the one that is open as `lock`. */
function isAt (path: string, lock: number): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false })
  const { dev, ino } = fstatSync(lock)
  return there?.dev === dev && there.ino === ino
}

function checkDirectory (directory: string): void {
  try {
    makeFolder(directory)
  } catch (error) {
    throw new SoleProcessError(unusable(directory, error))
  }
  const problem = directoryProblem(directory)
  if (problem !== null) throw new SoleProcessError(problem)
}

/** One folder after the other: Node's own `recursive` never ends where a folder cannot be made in one that is there, as in /proc. */
function makeFolder (folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o755 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/** What keeps `directory` from being used for lock files, as a sentence; null if nothing does, or if it is missing and could be made. Changes nothing. */
export function directoryProblem (directory: string): string | null {
  try {
    const { uid, mode } = lstatSync(directory)
    if (!statSync(directory).isDirectory()) return `The run-time directory ${directory} is not a directory. Set pvc.system.run_directory.`
    const self = process.getuid?.() ?? 0
    if (uid !== self && uid !== 0) return `The run-time directory ${directory} belongs to user ${uid}, who could keep this daemon from starting. Give it to root, or set pvc.system.run_directory.`
    if ((mode & OTHERS_MAY_WRITE) !== 0) return `The run-time directory ${directory} can be written to by others (mode ${(mode & 0o7777).toString(8)}), who could keep this daemon from starting. Take that right away (chmod go-w ${directory}), or set pvc.system.run_directory.`
    accessSync(directory, constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    const above = dirname(directory)
    return codeOf(error) === 'ENOENT' && above !== directory ? obstacleBelow(directory, above) : unusable(directory, error)
  }
}

/** Why a missing `directory` could not be made below the first folder above it that is there. */
function obstacleBelow (directory: string, above: string): string | null {
  try {
    accessSync(above, constants.W_OK | constants.X_OK)
    if (kernelFileSystems.has(statfsSync(above).type)) return `The run-time directory ${directory} cannot be made: ${above} shows the kernel's own state. Set pvc.system.run_directory.`
    return statSync(above).isDirectory() ? null : unusable(directory, { code: 'ENOTDIR' })
  } catch (error) {
    return codeOf(error) === 'ENOENT' && dirname(above) !== above ? obstacleBelow(directory, dirname(above)) : unusable(directory, error)
  }
}

const unusable = (directory: string, error: unknown) =>
  `The run-time directory ${directory} cannot be made or used (${codeOf(error)}). Set pvc.system.run_directory to one that this user may write to.`

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error)
