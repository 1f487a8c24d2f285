/**
 * The cluster, asked through whichever of its APIs can answer.
 *
 * Guarantees: a reading is asked again of the next API when one does not answer or cannot read, until none is left. A write is sent to another API only if it
 * is certain that nothing of it was done: it never left this machine, or the API says `not_started`. Otherwise the caller is told that its reply was
 * lost, and finds out by reading.
 */
import type { Clock } from '../../runtime/clock.ts'
import { Failure } from '../output/failure.ts'
import { chosen } from './choice.ts'
import type { ApiClient, Endpoint, Schemas } from './endpoint.ts'
import type { Shape } from './shapes.ts'
import { bodyText, ConnectionFailure } from './transport.ts'

/** What openapi-fetch resolves with. */
interface Reply<T> {
  readonly data?: T
  readonly error?: unknown
  readonly response: Response
}

export interface Answer<T> {
  readonly data: T
  /** The body, unchanged. */
  readonly text: string
  readonly response: Response
  readonly endpoint: Endpoint
}

export type WriteAnswer<T> = (Answer<T> & { readonly kind: 'answer' }) | {
  readonly kind: 'lost'
  /** What happened, as a sentence. */
  readonly why: string
  /** What the API said of it, if it did. */
  readonly problem: Partial<Schemas['Problem']> | null
}

export interface ClusterOptions {
  readonly endpoints: readonly Endpoint[]
  readonly clock: Clock
  /** Milliseconds that an API may take to answer. */
  readonly patience: number
  /** Told of what an operator should know, a sentence each. */
  readonly warn: (text: string) => void
  /** The same of what only matters to those who look for it. */
  readonly tell: (text: string) => void
}

/** Codes of problems that are about one API, not about the cluster. */
const OWN = new Set(['zookeeper_unavailable', 'chroot_unusable', 'shutting_down', 'too_many_waiting', 'internal_error'])

/** What is said of an address whose reply has another form. */
const FOREIGN = 'sent a reply that is not that of a pvcapid'

type Problem = Partial<Schemas['Problem']>

const isProblem = (value: unknown): value is Problem => typeof value === 'object' && value !== null && typeof (value as Problem).code === 'string'

export class Cluster {
  readonly #options: ClusterOptions
  #current: Endpoint | null = null
  #isStale = false

  constructor (options: ClusterOptions) {
    this.#options = options
  }

  get endpoints (): readonly Endpoint[] { return this.#options.endpoints }

  /** Milliseconds that an API may take to answer. */
  get patience (): number { return this.#options.patience }

  /** Whether what is read comes from an API that has lost contact with ZooKeeper. */
  get isStale (): boolean { return this.#isStale }

  /**
   * @param shape whether a reply is that of a pvcapid; the next API is asked after one that is not
   * @param ask makes the request
   * @param more milliseconds that the request itself asks the API to wait
   * @param accepts statuses of errors whose body is an answer
   * @throws Failure `refused` with the API's own sentence; `unreachable` if none can answer
   */
  async read<T> (shape: Shape, ask: (client: ApiClient) => Promise<Reply<T>>, { more = 0, accepts = [] }: { readonly more?: number, readonly accepts?: readonly number[] } = {}): Promise<Answer<T>> {
    const excuses = new Map<Endpoint, string>()
    for (;;) {
      const endpoint = await this.#endpoint(excuses)
      const said = await this.#asked(endpoint, more, ask)
      if (typeof said === 'string') {
        this.#leave(endpoint, said, excuses)
        continue
      }
      const { data, error, response } = said
      const text = bodyText(response)
      if (response.headers.get('x-view-stale') === 'true' && !this.#isStale) this.#current = null
      const isAccepted = accepts.includes(response.status)
      if ((response.ok && !shape(data)) || (isAccepted && !isProblem(error) && !shape(error))) {
        this.#leave(endpoint, FOREIGN, excuses)
        continue
      }
      if (isAccepted) return { data: error as T, text, response, endpoint }
      if (response.ok) return { data: data as T, text, response, endpoint }
      if (response.status < 500 || (isProblem(error) && !OWN.has(error.code ?? ''))) throw refusal(error, response, endpoint)
      this.#leave(endpoint, isProblem(error) ? `${error.detail ?? ''} (${error.code ?? ''})` : `answers ${response.status}`, excuses)
    }
  }

  /**
   * @param shape as for `read`; after a reply that is not that of a pvcapid it is not known what was done
   * @throws Failure `refused`, `unreachable`; nothing was done then
   */
  async write<T> (shape: Shape, ask: (client: ApiClient) => Promise<Reply<T>>): Promise<WriteAnswer<T>> {
    const excuses = new Map<Endpoint, string>()
    for (;;) {
      const endpoint = await this.#endpoint(excuses)
      if (this.#isStale) throw new Failure('unreachable', `${endpoint.url} has lost contact with ZooKeeper, and no other API answers. Nothing was sent. Try again once an API is ready.`)
      let said: Reply<T>
      try {
        said = await ask(endpoint.client({ patience: this.#options.patience }))
      } catch (error) {
        const why = failureOf(error)
        this.#leave(endpoint, why, excuses)
        if (error instanceof ConnectionFailure && !error.sent) continue
        return { kind: 'lost', why: `${endpoint.url} ${why} after the request was sent.`, problem: null }
      }
      const { data, error, response } = said
      if (response.ok && shape(data)) return { kind: 'answer', data: data as T, text: bodyText(response), response, endpoint }
      if (response.ok) {
        this.#leave(endpoint, FOREIGN, excuses)
        return { kind: 'lost', why: `${endpoint.url} ${FOREIGN}, after the request was sent.`, problem: null }
      }
      if (isProblem(error)) {
        const { outcome } = error as { readonly outcome?: string }
        if (outcome === 'unknown' || outcome === 'in_progress' || (response.status >= 500 && outcome !== 'not_started')) return { kind: 'lost', why: `${endpoint.url}: ${error.detail ?? ''} (${error.code ?? ''})`, problem: error }
        if (!OWN.has(error.code ?? '')) throw refusal(error, response, endpoint)
        this.#leave(endpoint, `${error.detail ?? ''} (${error.code ?? ''})`, excuses)
        continue
      }
      if (response.status < 500) throw refusal(error, response, endpoint)
      this.#leave(endpoint, `answers ${response.status}`, excuses)
      return { kind: 'lost', why: `${endpoint.url} answered ${response.status} without a reason after the request was sent.`, problem: null }
    }
  }

  /** How many APIs answer. */
  async living (): Promise<number> {
    const { endpoints, patience } = this.#options
    const health = await Promise.all(endpoints.map(async (endpoint) => await endpoint.health({ patience })))
    return health.filter(({ kind }) => kind !== 'dead').length
  }

  /** The API to ask, in contact with ZooKeeper if any is. The caller tells when it fails, with `fails`. */
  async endpoint (): Promise<Endpoint> { return await this.#endpoint(new Map()) }

  /** Whether `endpoint` has lost contact with ZooKeeper, or does not answer, while another is ready. */
  async hasBetter (endpoint: Endpoint): Promise<boolean> {
    const { endpoints, clock, patience } = this.#options
    if ((await endpoint.health({ patience })).kind === 'ready') return false
    const other = await chosen(endpoints.filter((each) => each !== endpoint), clock, patience)
    return other.endpoint !== null && other.stale === null
  }

  /** The next request chooses again. */
  fails (endpoint: Endpoint, why: string): void { this.#leave(endpoint, why, new Map()) }

  /** @returns why there is no reply, or the reply */
  async #asked<T> (endpoint: Endpoint, more: number, ask: (client: ApiClient) => Promise<Reply<T>>): Promise<Reply<T> | string> {
    try {
      return await ask(endpoint.client({ patience: this.#options.patience + more }))
    } catch (error) {
      return failureOf(error)
    }
  }

  #leave (endpoint: Endpoint, why: string, excuses: Map<Endpoint, string>): void {
    excuses.set(endpoint, why)
    if (this.#current === endpoint) this.#current = null
    this.#options.tell(`${endpoint.url} ${why}`)
  }

  async #endpoint (excuses: Map<Endpoint, string>): Promise<Endpoint> {
    // While none is in contact with ZooKeeper, each request looks for one that is again.
    if (this.#current !== null && !this.#isStale && !excuses.has(this.#current)) return this.#current
    const { endpoints, clock, patience, warn, tell } = this.#options
    const { endpoint, stale, dead } = await chosen(endpoints.filter((each) => !excuses.has(each)), clock, patience)
    for (const [each, why] of dead) {
      excuses.set(each, why)
      if (endpoint !== null) tell(`${each.url} ${why}`)
    }
    if (endpoint === null) throw new Failure('unreachable', `No API could be asked. ${[...excuses].map(([each, why]) => `${each.url} ${why}`).join('; ')}. See that pvcapid runs there, and that --api names it.`)
    tell(`asking ${endpoint.url}`)
    if (stale !== null && !this.#isStale) warn(`${endpoint.url} has lost contact with ZooKeeper, and no other API answers: this is what it knew last. ${stale}`)
    this.#isStale = stale !== null
    this.#current = endpoint
    return endpoint
  }
}

/** Why there is no reply that can be read. Anything else is a fault of pvcctl, and thrown. */
function failureOf (error: unknown): string {
  if (error instanceof ConnectionFailure) return error.message
  if (error instanceof SyntaxError) return 'sent a reply that is not JSON'
  throw error
}

function refusal (error: unknown, response: Response, endpoint: Endpoint): Failure {
  const text = bodyText(response)
  return isProblem(error)
    ? new Failure('refused', `${error.detail ?? error.title ?? ''} (${error.code ?? ''})`, text)
    : new Failure('refused', `${endpoint.url} answered ${response.status} without a reason. Is it the address of a pvcapid?`, text)
}
