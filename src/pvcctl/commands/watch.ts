/**
 * `watch`: events as they come, each handed to a command if one is named. The stream is read no faster than the command runs: what the API would have to hold
 * for it is bounded there, by `resync`.
 */
import { spawn } from 'node:child_process'
import type { Endpoint, Schemas } from '../client/endpoint.ts'
import { serverEvents, type ServerEvent } from '../client/event-stream.ts'
import { ConnectionFailure } from '../client/transport.ts'
import { Failure } from '../output/failure.ts'
import { moment, plain } from '../output/text.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { pause } from '../../runtime/deadline.ts'
import type { Context, Run } from './command.ts'
import { nameOf } from './follow.ts'

/** Milliseconds of silence after which a stream is broken: the API sends a comment every 15 s. */
const SILENCE = 45_000
/** Milliseconds between two looks at the API. */
const LOOK = 5_000
/** Milliseconds before the next API is asked. */
const RETRY = 500
/** What an API answers to a client that it will not serve whenever it asks. */
const REFUSED = new Set([400, 401, 403, 404])

const never = new AbortController().signal

/** Ends only by a signal, a closed output, or a refusal. */
export const watch: Run = async (context) => {
  const { clock, console } = context
  let last = ''
  let isOpened = false
  let isTold = false
  for (;;) {
    try {
      last = await stream(context, last, () => {
        isOpened = true
        isTold = false
      })
    } catch (error) {
      // Before the first stream the addresses may be wrong, and that has to be said.
      if (!(error instanceof Failure) || error.ending !== 'unreachable' || !isOpened) throw error
      if (!isTold) console.say(`${error.message} Trying again.`)
      isTold = true
    }
    await pause(clock, RETRY, never)
  }
}

/** Reads one stream to its end; resolves with the id of the last event. */
async function stream (context: Context, from: string, onOpen: () => void): Promise<string> {
  const { cluster, clock } = context
  const endpoint = await cluster.endpoint()
  const broken = new AbortController()
  const looks = look(context, endpoint, broken)
  let last = from
  const silence = new Watchdog(clock, () => broken.abort())
  try {
    const { data, error, response } = await endpoint.client({ patience: cluster.patience, signal: broken.signal })
      .GET('/api/v1/events', { parseAs: 'stream', headers: from === '' ? {} : { 'last-event-id': from } })
    if (data == null) {
      const { detail = '', code = '' } = (typeof error === 'object' ? error : {}) as Partial<Schemas['Problem']>
      if (REFUSED.has(response.status)) throw new Failure('refused', `${detail} (${code})`)
      cluster.fails(endpoint, `answers ${response.status} ${code}`)
      return last
    }
    onOpen()
    silence.feed()
    for await (const event of serverEvents(data as unknown as AsyncIterable<Uint8Array>, () => silence.feed())) {
      // While the command runs nothing is read, and silence means nothing.
      silence.rest()
      if (event.event !== 'end') await handle(context, event)
      if (event.id !== '') last = event.id
      silence.feed()
    }
    cluster.fails(endpoint, 'has ended the stream of events')
  } catch (error) {
    if (error instanceof Failure) throw error
    cluster.fails(endpoint, error instanceof ConnectionFailure ? error.message : 'broke the stream of events')
  } finally {
    silence.rest()
    broken.abort()
    await looks
  }
  return last
}

/** A stream of an API that has lost contact with ZooKeeper stays open and says nothing: it is left for an API that is ready. */
async function look ({ cluster, clock }: Context, endpoint: Endpoint, broken: AbortController): Promise<void> {
  for (;;) {
    await pause(clock, LOOK, broken.signal)
    if (broken.signal.aborted) return
    if (await cluster.hasBetter(endpoint)) broken.abort()
  }
}

class Watchdog {
  readonly #clock: Clock
  readonly #bite: () => void
  #timer: Timer | null = null

  constructor (clock: Clock, bite: () => void) {
    this.#clock = clock
    this.#bite = bite
  }

  feed (): void {
    this.rest()
    this.#timer = this.#clock.after(SILENCE, this.#bite)
  }

  rest (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
  }
}

async function handle ({ console, given }: Context, { event, id, data }: ServerEvent): Promise<void> {
  const wanted = given.list('event')
  if (wanted.length > 0 && !wanted.includes(event)) return
  const json = `{"event":${JSON.stringify(event)},"id":${JSON.stringify(id)},"data":${data}}\n`
  const command = given.text('exec')
  if (command === undefined) console.print(given.flag('json') ? json : line(event, data))
  else {
    const ending = await run(command, event, json)
    if (ending !== null) console.say(`the command ${ending} for the event ${event}${id === '' ? '' : ` ${id}`}; continuing with the next`)
  }
}

/** Resolves with how it failed, or null. */
async function run (command: string, event: string, json: string): Promise<string | null> {
  const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'], env: { ...process.env, PVC_EVENT: event } })
  // A command need not read its input.
  child.stdin.on('error', () => {})
  child.stdin.end(json)
  return await new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(`could not be run (${message})`))
    child.once('close', (status, signal) => resolve(status === 0 ? null : status === null ? `was ended by ${String(signal)}` : `exited with ${status}`))
  })
}

/** One line for people. */
function line (event: string, data: string): string {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return `${event}\n`
  }
  return `${plain(`${event.padEnd(10)}  ${sentence(event, value)}`).trimEnd()}\n`
}

function sentence (event: string, value: unknown): string {
  if (event === 'primary') {
    const { name, epoch, since, settled } = value as Schemas['Primary']
    return `${name ?? 'none'}, epoch ${epoch ?? '-'} since ${moment(since)}, ${settled ? 'settled' : 'not settled'}`
  }
  if (event === 'switchover') {
    const switchover = value as Schemas['Switchover']
    return `${nameOf(switchover)}: ${switchover.outcome ?? `${switchover.state}, ${Math.round(switchover.progress * 100)}%`}`
  }
  if (event === 'node') {
    const { name, daemon_state: daemon, coordinator_state: coordinator, domain_state: domain } = value as Schemas['Node']
    return `${name}: ${daemon}, ${coordinator}, ${domain}`
  }
  return ''
}
