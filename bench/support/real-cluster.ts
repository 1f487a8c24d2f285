/** Three coordinators and an API as they ship, with resources that take no time, and what a client sees of them. */
import { setTimeout as delay } from 'node:timers/promises'
import { Cluster } from '../../tools/testbed/cluster.ts'

export const NODES = ['hv1', 'hv2', 'hv3'] as const
/** Seconds, as they ship. */
export const TRANSITION_DELAY = 0.5
export const SETTLE_TIME = 2

export interface Primary { readonly name: string | null, readonly epoch: number, readonly settled: boolean }
export interface Switchover { readonly epoch: number, readonly outcome: string | null, readonly done: boolean, readonly timeline: ReadonlyArray<{ readonly at: string, readonly node: string, readonly coordinator_state: string }> }

export interface RealClusterOptions {
  /** Seconds. */
  readonly sessionTimeout: number
  readonly system?: Readonly<Record<string, unknown>>
}

export class RealCluster implements AsyncDisposable {
  readonly cluster: Cluster
  readonly #apis = new Map<string, string>()

  constructor ({ sessionTimeout, system = {} }: RealClusterOptions) {
    this.cluster = new Cluster({
      nodes: NODES, sessionTimeout, keepaliveInterval: 5, resourceSettings: () => ({ acquire: ['true'], release: ['true'] }), system: () => system,
    })
  }

  /** An API beside each of `nodes`; resolves once a primary has settled. */
  async start (nodes: readonly string[] = NODES): Promise<this> {
    await this.cluster.start()
    for (const name of nodes) this.#apis.set(name, `${await this.cluster.startApi(name)}/api/v1`)
    await this.settled(nodes[0] ?? '')
    return this
  }

  api (node: string): string {
    const url = this.#apis.get(node)
    if (url === undefined) throw new Error(`there is no API beside ${node}`)
    return url
  }

  async primary (api: string): Promise<Primary> {
    return await (await fetch(`${this.api(api)}/primary`)).json() as Primary
  }

  /** The primary once it is settled and `fits`, as the API beside `api` tells it by long-polls. */
  async settled (api: string, fits: (primary: Primary) => boolean = () => true): Promise<Primary> {
    const until = performance.now() + 120_000
    let etag = ''
    while (performance.now() < until) {
      const reply = await fetch(`${this.api(api)}/primary?wait=10`, { headers: etag === '' ? {} : { 'if-none-match': etag } })
      if (reply.status === 304) continue
      etag = reply.headers.get('etag') ?? ''
      const primary = await reply.json() as Primary
      if (primary.settled && fits(primary)) return primary
    }
    throw new Error('no primary had settled within two minutes')
  }

  /** Resolves once `node` is in `run` and secondary again. */
  async comeBack (node: string): Promise<void> {
    for (;;) {
      const [found] = await (await fetch(`${this.api(NODES[0])}/node/${node}`)).json() as ReadonlyArray<{ readonly daemon_state: string, readonly coordinator_state: string }>
      if (found?.daemon_state === 'run' && found.coordinator_state === 'secondary') return
      await delay(100)
    }
  }

  /** A switchover asked for and waited for; the reply tells how it ended. */
  async switchover (api: string, to: string): Promise<Switchover> {
    const reply = await fetch(`${this.api(api)}/switchover?wait=60`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to, reason: 'a benchmark', timeout: 50 }) })
    const body = await reply.json() as Switchover
    if (reply.status !== 200 || body.outcome !== 'succeeded') throw new Error(`a switchover to ${to} was answered ${reply.status}: ${JSON.stringify(body)}`)
    return body
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.cluster.close()
  }
}
