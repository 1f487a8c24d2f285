/** Clients that poll an API one request after the other, and how long their requests take. */
import { RawClient } from './network/raw-client.ts'

export interface Latencies {
  readonly requests: number
  readonly failures: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** @param until ends the polling when it settles */
export async function poll (port: number, clients: number, path: string, key: string, until: Promise<unknown>): Promise<Latencies> {
  const over = new AbortController()
  const ended = until.finally(() => over.abort())
  const taken: number[] = []
  let failures = 0
  const one = async (): Promise<void> => {
    const client = new RawClient(port)
    while (!over.signal.aborted) {
      const begun = performance.now()
      const reply = await client.ask(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\n\r\n`).catch(() => null)
      if (reply?.status === 200) taken.push(performance.now() - begun)
      else failures += 1
    }
    client.close()
  }
  await Promise.all([ended, ...Array.from({ length: clients }, one)])
  const sorted = taken.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  return { requests: sorted.length, failures, p50: at(0.5), p99: at(0.99), max: at(1) }
}

export const latencies = ({ requests, failures, p50, p99, max }: Latencies): string =>
  `${requests} requests, ${failures} failed, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${max.toFixed(1)} ms`
