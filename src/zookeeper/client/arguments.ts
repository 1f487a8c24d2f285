/**
 * What may be handed to a ZooKeeper client, checked before anything native sees it.
 *
 * Guarantees: what passes cannot abort the process (a BigInt version, undefined data), cut a path short (NUL), store the
 * text "undefined", or exceed what a server accepts in one request (1 MB) and so drop the connection with everything in
 * flight. What does not pass is a `ZooKeeperError` `invalid_argument` that names the argument and never shows data.
 * Any implementation of `Connection` is to call these.
 */
import type { NewZnode, WriteGuard, ZnodeVersion } from './connection.ts'
import { ZooKeeperError, type Operation } from './errors.ts'
import { pathProblem } from './paths.ts'

/** Bytes of data in one znode. The server's limit is 1,048,575 for the whole request; this leaves room for the path. */
export const MAX_DATA_BYTES = 1_000_000
/** Bytes of one path. */
const MAX_PATH_BYTES = 4_096

function refuse (op: Operation, path: unknown, detail: string): never {
  const shown = typeof path === 'string' && path.length <= MAX_PATH_BYTES ? path : undefined
  throw new ZooKeeperError('invalid_argument', { op, path: shown, detail })
}

export function checkPath (op: Operation, path: unknown): asserts path is string {
  const problem = pathProblem(path)
  if (problem !== null) refuse(op, path, problem)
  if (Buffer.byteLength(path as string) > MAX_PATH_BYTES) refuse(op, path, `a path must not exceed ${MAX_PATH_BYTES} bytes`)
}

export function checkData (op: Operation, path: string, data: unknown): asserts data is string {
  if (typeof data !== 'string') refuse(op, path, `data must be a string, not ${data === null ? 'null' : typeof data}`)
  const bytes = data.length * 3 <= MAX_DATA_BYTES ? 0 : Buffer.byteLength(data)
  if (bytes > MAX_DATA_BYTES) refuse(op, path, `data must not exceed ${MAX_DATA_BYTES} bytes, these are ${bytes}`)
}

/** The znodes of one transaction, which together must fit into one request. */
export function checkNewZnodes (znodes: readonly NewZnode[]): void {
  if (znodes.length === 0) refuse('create', undefined, 'a transaction must not be empty')
  for (const { path, data, ephemeral } of znodes) {
    checkPath('create', path)
    checkData('create', path, data)
    checkFlag('create', path, 'ephemeral', ephemeral)
  }
  const bytes = znodes.reduce((sum, { path, data }) => sum + Buffer.byteLength(path) + Buffer.byteLength(data), 0)
  if (bytes > MAX_DATA_BYTES) refuse('create', znodes[0]?.path, `a transaction must not exceed ${MAX_DATA_BYTES} bytes, this one has ${bytes}`)
}

/** Bytes that a path takes in a transaction beside its own: its length, its version and the header of its operation. */
const OPERATION_BYTES = 32

/** Bytes of a transaction that deletes these paths, or compares their versions. */
export const deletionBytes = (paths: readonly string[]): number => paths.reduce((sum, path) => sum + Buffer.byteLength(path) + OPERATION_BYTES, 0)

/** What one transaction deletes, and what has to be unchanged for it: together they must fit into one request. */
export function checkDeletions (znodes: readonly ZnodeVersion[], unchanged: readonly ZnodeVersion[]): void {
  if (znodes.length === 0) refuse('delete', undefined, 'a transaction must not be empty')
  for (const { path, version } of [...unchanged, ...znodes]) {
    checkPath('delete', path)
    checkVersion('delete', path, version)
  }
  const bytes = deletionBytes([...unchanged, ...znodes].map(({ path }) => path))
  if (bytes > MAX_DATA_BYTES) refuse('delete', znodes[0]?.path, `a transaction must not exceed ${MAX_DATA_BYTES} bytes, this one has ${bytes}`)
}

/** A write and what has to be so for it. */
export function checkGuarded (path: string, data: string, version: number, { unchanged, absent }: WriteGuard): void {
  checkPath('set', path)
  checkData('set', path, data)
  for (const each of [...unchanged, { path, version }]) {
    checkPath('set', each.path)
    checkVersion('set', each.path, each.version)
  }
  for (const each of absent) checkPath('set', each)
  const bytes = Buffer.byteLength(data) + deletionBytes([path, ...unchanged.map((each) => each.path), ...absent, ...absent])
  if (bytes > MAX_DATA_BYTES) refuse('set', path, `a transaction must not exceed ${MAX_DATA_BYTES} bytes, this one has ${bytes}`)
}

/** A version is a signed 32-bit number, as the protocol has it. */
export function checkVersion (op: Operation, path: string, version: unknown): asserts version is number {
  if (typeof version !== 'number' || (version | 0) !== version) {
    refuse(op, path, `a version must be a 32-bit whole number, not ${typeof version === 'number' ? String(version) : typeof version}`)
  }
}

export function checkFlag (op: Operation, path: string, name: string, flag: unknown): asserts flag is boolean {
  if (typeof flag !== 'boolean') refuse(op, path, `${name} must be true or false`)
}
