/**
 * Load by wrk, a process of its own. Every reply has to be what was said: the status by wrk's own count, the length of all together by
 * its count of bytes.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'

export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
}

export interface LoadResult {
  /** Replies a second. */
  readonly rate: number
  readonly replies: number
  /** Bytes of a reply, headers included, on average. */
  readonly bytes: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** Rejects if any request failed or was answered by an error. */
export async function load ({ url, headers, connections, seconds }: Load): Promise<LoadResult> {
  const script = join(packageFolder(), 'bench', 'support', 'summary.lua')
  const { stdout } = await promisify(execFile)('wrk', [
    '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]), url,
  ])
  const text = /^summary (.*)$/m.exec(stdout)?.[1]
  if (text === undefined) throw new Error(`wrk gave no summary:\n${stdout}`)
  const { requests, bytes, microseconds, errors, p50, p99 } = JSON.parse(text) as Record<string, number>
  if (errors !== 0 || requests === undefined || bytes === undefined || microseconds === undefined) throw new Error(`${url}: ${String(errors)} requests failed\n${stdout}`)
  return { rate: requests / (microseconds / 1e6), replies: requests, bytes: bytes / requests, p50: (p50 ?? NaN) / 1000, p99: (p99 ?? NaN) / 1000 }
}
