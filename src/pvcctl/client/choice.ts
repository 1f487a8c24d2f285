/**
 * Which API is asked: the first, in the order of the configuration, that is in contact with ZooKeeper; if none is, the first that answers. A silent API holds
 * up the choice for `HEAD_START` only: after that the next one is asked as well.
 */
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Endpoint, Health } from './endpoint.ts'

/** Milliseconds. */
const HEAD_START = 400

export interface Choice {
  /** Null if none answers. */
  readonly endpoint: Endpoint | null
  /** Why the chosen one is stale; null if it is not. */
  readonly stale: string | null
  /** Those that were found dead, and why. */
  readonly dead: ReadonlyMap<Endpoint, string>
}

/** @param patience milliseconds that each may take */
export async function chosen (endpoints: readonly Endpoint[], clock: Clock, patience: number): Promise<Choice> {
  const answers = new Map<Endpoint, Health>()
  const abort = new AbortController()
  let timer: Timer | null = null
  try {
    const ready = await new Promise<Endpoint | null>((resolve) => {
      let begun = 0
      const next = (): void => {
        timer?.[Symbol.dispose]()
        const endpoint = endpoints[begun]
        if (endpoint === undefined) return
        begun += 1
        timer = clock.after(HEAD_START, next)
        void endpoint.health({ patience, signal: abort.signal }).then((health) => {
          if (abort.signal.aborted) return
          answers.set(endpoint, health)
          if (health.kind === 'ready') resolve(endpoint)
          else if (answers.size === endpoints.length) resolve(null)
          else next()
        })
      }
      if (endpoints.length === 0) resolve(null)
      else next()
    })
    const dead = new Map([...answers].flatMap(([endpoint, health]) => health.kind === 'dead' ? [[endpoint, health.why] as const] : []))
    if (ready !== null) return { endpoint: ready, stale: null, dead }
    const stale = endpoints.map((endpoint) => ({ endpoint, health: answers.get(endpoint) })).find(({ health }) => health?.kind === 'stale')
    return { endpoint: stale?.endpoint ?? null, stale: stale?.health?.kind === 'stale' ? stale.health.why : null, dead }
  } finally {
    (timer as Timer | null)?.[Symbol.dispose]()
    abort.abort()
  }
}
