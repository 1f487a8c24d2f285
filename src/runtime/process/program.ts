/** Whether a program could be started, without starting it. */
import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of a `#!` line that the kernel reads. */
const LINE = 256
/** Scripts that the kernel runs by one another at most. */
const INTERPRETERS = 4

/** What keeps `program` from being started, as the end of a sentence that begins with its name; null if nothing does. Looked up in PATH if it has no slash. */
export async function obstacleTo (program: string): Promise<string | null> {
  return await obstacle(program, INTERPRETERS)
}

/** @param depth interpreters that may follow, each of them a script */
async function obstacle (program: string, depth: number): Promise<string | null> {
  if (program.includes('/')) return await obstacleAt(program, depth)
  let best = 'is not in PATH'
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    const found = await obstacleAt(join(folder === '' ? '.' : folder, program), depth)
    if (found === null) return null
    if (found !== MISSING) best = found
  }
  return best
}

const MISSING = 'does not exist'

async function obstacleAt (path: string, depth: number): Promise<string | null> {
  try {
    if (!(await stat(path)).isFile()) return 'is not a file'
    await access(path, constants.X_OK)
    const interpreter = await interpreterOf(path)
    if (interpreter === null) return null
    const missing = depth === 0 ? 'is a script that needs too many others' : await obstacle(interpreter, depth - 1)
    return missing === null ? null : `is run by ${JSON.stringify(interpreter).slice(1, -1)}, which ${missing}`
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return MISSING
    return code === 'EACCES' ? 'cannot be executed by this user' : `cannot be looked at (${code})`
  }
}

/** The program that runs the script at `path`, by its `#!` line, and what `env` of that line looks up; null for what is no script, or cannot be read. */
async function interpreterOf (path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null)
  if (file === null) return null
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LINE), 0, LINE, 0)
    const [, line] = /^#![ \t]*([^\n]*)/.exec(buffer.toString('latin1', 0, bytesRead)) ?? []
    if (line === undefined) return null
    const [interpreter = '', ...args] = line.replace(/^[ \t]+|[ \t]+$/g, '').split(/[ \t]+/)
    if (interpreter === '' || interpreter === path) return null
    const looked = /(?:^|\/)env$/.test(interpreter) ? args.find((arg) => !arg.startsWith('-') && !arg.includes('=')) : undefined
    return looked !== undefined && await obstacle(interpreter, 0) === null ? looked : interpreter
  } finally {
    await file.close()
  }
}
