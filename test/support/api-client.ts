/**
 * Requests to an API as a client sends them. A reply which says that ZooKeeper did not answer in time, and that nothing was done, is no failure: the request is
 * sent again after the `Retry-After` of that reply. For tests whose subject is not such a reply.
 */
import { systemClock, type Clock } from '../../src/runtime/clock.ts'

/** Milliseconds after which a request is not sent again. */
export const PATIENCE = 60_000

interface AnyReply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** Whether nothing was done because ZooKeeper did not answer. The reply to a reading has no outcome. */
function isNotStarted (method: string, { status, body }: AnyReply): boolean {
  const { code, outcome } = Object(body) as { readonly code?: unknown, readonly outcome?: unknown }
  return status === 503 && code === 'zookeeper_unavailable' && outcome === (method === 'GET' || method === 'HEAD' ? undefined : 'not_started')
}

/** What `send` resolves with in the end: another reply, or the last one within `PATIENCE`. */
export async function patiently<R extends AnyReply> (method: string, send: () => Promise<R>, clock: Clock = systemClock): Promise<R> {
  const end = clock.monotonic() + PATIENCE
  for (;;) {
    const reply = await send()
    const pause = Number(reply.headers['retry-after']) * 1_000
    const isInTime = clock.monotonic() + pause <= end
    if (!isNotStarted(method, reply) || !isInTime) return reply
    await new Promise<void>((resolve) => { clock.after(pause, resolve) })
  }
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Is sent as JSON. */
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

export interface ApiReply<T> {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The text, parsed if it is JSON. */
  readonly body: T
  readonly text: string
}

export async function askApi<T = Readonly<Record<string, unknown>>> (url: string, { method = 'GET', body, headers = {} }: ApiRequest = {}): Promise<ApiReply<T>> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  return await patiently(method, async () => {
    const response = await fetch(url, { method, headers: { ...json, ...headers }, ...body === undefined ? {} : { body: JSON.stringify(body) } })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== ''
    return { status: response.status, headers: Object.fromEntries(response.headers), body: (isJson ? JSON.parse(text) : text) as T, text }
  })
}

/** Asks the API at `base` for the switchover `wish`. */
export const askForSwitchover = async <T = Readonly<Record<string, unknown>>>(base: string, wish: object, query = ''): Promise<ApiReply<T>> =>
  await askApi<T>(`${base}/api/v1/switchover${query}`, { method: 'POST', body: wish })
