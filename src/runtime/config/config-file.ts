/**
 * Reads the files that a configuration consists of or names: the configuration itself, certificates, keys.
 *
 * Guarantees: only regular files, of at most `LONGEST` bytes, are read, and the daemon that reads them is never held up: a named pipe that nobody
 * writes to, a device that never ends and a file that is sparse are refused before a byte is read, and never opened in a way that waits.
 */
import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs'

/** Bytes of a file at most; the certificates of all public authorities together are a quarter of it. */
const LONGEST = 1_048_576

/** Why a file was not read. */
export class UnreadableFile extends Error {
  /** As the end of a sentence whose subject is the file. */
  readonly reason: string

  constructor (file: string, reason: string, options?: ErrorOptions) {
    super(`${file} ${reason}`, options)
    this.name = 'UnreadableFile'
    this.reason = reason
  }

  /** Whether it is there, and this user may not read it: the reason says what to do. */
  get isForbidden (): boolean { return ['EACCES', 'EPERM'].includes((this.cause as NodeJS.ErrnoException | undefined)?.code ?? '') }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ELOOP: 'is a symbolic link to itself',
  ENOTDIR: 'does not exist: a part of its path is no directory',
}

/** The group by its number, which needs no look-up. */
const forbidden = (file: string): string => {
  const group = process.getgid?.() ?? 'GROUP'
  return `may not be read by this user. As root, give its group the right to: chgrp ${group} '${file}' && chmod g+r '${file}'; each folder above it has to let that group pass (chmod g+x)`
}

const kindOf = (stats: Stats): string =>
  stats.isDirectory() ? 'a directory' : stats.isFIFO() ? 'a named pipe' : stats.isSocket() ? 'a socket' : 'a device'

function refuse (file: string, stats: Stats): void {
  if (!stats.isFile()) throw new UnreadableFile(file, `is ${kindOf(stats)}, not a regular file`)
  if (stats.size > LONGEST) throw new UnreadableFile(file, `is larger than ${LONGEST} bytes`)
}

/** The bytes of `file`. Throws `UnreadableFile`. */
export function readConfigFile (file: string): Buffer {
  let descriptor: number | null = null
  try {
    // To open a device can have effects of its own, so it is not opened to find out what it is.
    refuse(file, statSync(file))
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    // It may be another one by now.
    refuse(file, fstatSync(descriptor))
    return readWhole(file, descriptor)
  } catch (error) {
    if (error instanceof UnreadableFile) throw error
    const { code = '' } = error as NodeJS.ErrnoException
    throw new UnreadableFile(file, code === 'EACCES' || code === 'EPERM' ? forbidden(file) : reasons[code] ?? `cannot be read (${code})`, { cause: error })
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}

/** The text of `file`, UTF-8. Throws `UnreadableFile`. */
export function readConfigText (file: string): string {
  const bytes = readConfigFile(file)
  if (!isUtf8(bytes) || bytes.includes(0)) throw new UnreadableFile(file, 'is not text in UTF-8')
  return bytes.toString('utf8')
}

/** The size of a file that grows, or that the system makes up, says nothing. */
function readWhole (file: string, descriptor: number): Buffer {
  const buffer = Buffer.allocUnsafe(LONGEST + 1)
  let length = 0
  for (;;) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null)
    length += read
    if (length > LONGEST) throw new UnreadableFile(file, `is larger than ${LONGEST} bytes`)
    // A copy, so that a key is not kept in a piece of a megabyte.
    if (read === 0) return Buffer.from(buffer.subarray(0, length))
  }
}
