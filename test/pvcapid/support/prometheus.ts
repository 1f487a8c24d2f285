/** A Prometheus of a test's own, with the rules of the examples: it scrapes an API and evaluates every second. From Debian's package `prometheus`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { freePort } from '../../../tools/testbed/free-port.ts'
import { eventually } from '../../support/zookeeper.ts'

export interface Alert {
  readonly labels: Readonly<Record<string, string>>
  /** Firing once it has been so for the time that its rule demands. */
  readonly state: 'pending' | 'firing'
}

export interface Prometheus {
  /** Those that are pending or firing. */
  alerts (): Promise<readonly Alert[]>
  /** How many series the expression has now; throws for one that Prometheus cannot evaluate. */
  count (expr: string): Promise<number>
}

/** @param target `host:port` of the API */
export async function prometheus (t: Test, target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'))
  const listen = `127.0.0.1:${await freePort()}`
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [join(packageFolder(), 'examples', 'prometheus', 'pvc-alerts.yaml')],
    scrape_configs: [{ job_name: 'pvcapid', static_configs: [{ targets: [target] }] }],
  }
  // JSON is YAML, too.
  writeFileSync(join(folder, 'prometheus.yaml'), JSON.stringify(config))
  const child = spawn('prometheus', [`--config.file=${join(folder, 'prometheus.yaml')}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${listen}`, '--log.level=warn'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  let hasEnded = false
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString()).slice(-10_000) })
  const ended = once(child, 'close').catch((error: unknown) => { complaint = `prometheus is missing (apt install prometheus): ${String(error)}` }).then(() => { hasEnded = true })
  t.teardown(async () => {
    child.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const read = async (path: string) => await fetch(`http://${listen}${path}`)
  await eventually(async () => {
    if (hasEnded) throw new Error(`prometheus has ended: ${complaint}`)
    return await read('/-/ready').then(({ ok }) => ok, () => false)
  })
  // It begins to scrape and to evaluate at moments of its own, seconds after it is ready.
  await eventually(async () => {
    const targets = await (await read('/api/v1/targets')).json() as { readonly data: { readonly activeTargets: ReadonlyArray<{ readonly health: string }> } }
    const rules = await (await read('/api/v1/rules')).json() as { readonly data: { readonly groups: ReadonlyArray<{ readonly lastEvaluation: string }> } }
    return targets.data.activeTargets.some(({ health }) => health === 'up') && rules.data.groups.every(({ lastEvaluation }) => !lastEvaluation.startsWith('0001'))
  })
  return {
    async alerts () {
      const { data } = await (await read('/api/v1/alerts')).json() as { readonly data: { readonly alerts: readonly Alert[] } }
      return data.alerts
    },
    async count (expr) {
      const reply = await (await read(`/api/v1/query?query=${encodeURIComponent(expr)}`)).json() as { readonly status: string, readonly error?: string, readonly data: { readonly result: readonly unknown[] } }
      if (reply.status !== 'success') throw new Error(`${expr}: ${reply.error ?? ''}`)
      return reply.data.result.length
    },
  }
}
