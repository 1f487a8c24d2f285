/** Follows one switchover to its end, across APIs, and says how it ended. */
import { exitStatus } from '../cli/table.ts'
import type { Answer } from '../client/cluster.ts'
import type { Schemas } from '../client/endpoint.ts'
import { shapes } from '../client/shapes.ts'
import { Failure } from '../output/failure.ts'
import { duration } from '../output/text.ts'
import { pause } from '../../runtime/deadline.ts'
import type { Context } from './command.ts'

type Switchover = Schemas['Switchover']

/** Seconds of one long-poll. */
const POLL = 10
/** Milliseconds between two looks where progress is shown. */
const LOOK = 300
/** Milliseconds after which the APIs are asked again when none has answered. */
const RETRY = 500
/** Milliseconds without any answer after which it is given up. */
const SILENCE = 60_000
/** Milliseconds beyond the switchover's own bound: the cluster has to close the record. */
const GRACE = 60_000

const never = new AbortController().signal

export const epochWord = (epoch: number): string => `switchover ${epoch}`

/** `switchover 7 from hv1 to hv2`. */
export const nameOf = ({ epoch, from, to, became }: Switchover): string => `${epochWord(epoch)} from ${from ?? 'none'} to ${became ?? to ?? 'any other'}`

/**
 * Resolves with the switchover once it is done.
 * @throws Failure `unknown` if that cannot be seen; `refused` if there is no such switchover
 */
export async function followed ({ cluster, clock, console }: Context, epoch: number): Promise<Answer<Switchover>> {
  const began = clock.monotonic()
  let answered = began
  for (;;) {
    const wait = console.isTerminal ? undefined : POLL
    try {
      const answer = await cluster.read(shapes.switchover, async (client) => await client.GET('/api/v1/switchover/{epoch}', { params: { path: { epoch }, query: wait === undefined ? {} : { wait } } }), { more: (wait ?? 0) * 1000 })
      const { data } = answer
      if (data.done) return answer
      const now = clock.monotonic()
      if (!cluster.isStale) answered = now
      console.progress(progressText(data, (now - began) / 1000))
      if (now - began > data.timeout * 1000 + GRACE) throw lost(epoch, `${nameOf(data)} has not ended within its bound of ${data.timeout} s and a minute.`)
    } catch (error) {
      if (!(error instanceof Failure) || error.ending !== 'unreachable') throw error
      console.progress(`${epochWord(epoch)}: no API answers; asking again`)
      if (clock.monotonic() - answered > SILENCE) throw lost(epoch, error.message)
      await pause(clock, RETRY, never)
      continue
    }
    if (cluster.isStale && clock.monotonic() - answered > SILENCE) throw lost(epoch, 'Every API that answers has lost contact with ZooKeeper.')
    // A stale view answers a long-poll at its end alone, and one that is shown is looked at again soon.
    if (console.isTerminal || cluster.isStale) await pause(clock, LOOK, never)
  }
}

const lost = (epoch: number, why: string) => new Failure('unknown', `What became of ${epochWord(epoch)} is not known. ${why} Look again with pvcctl show ${epoch} --wait.`)

function progressText (switchover: Switchover, seconds: number): string {
  const nodes = Object.entries(switchover.nodes).map(([name, { coordinator_state: state, step, of, resource }]) => `${name} ${state ?? '-'}${of === 0 ? '' : ` ${step}/${of}`}${resource === null ? '' : ` ${resource}`}`)
  return `${nameOf(switchover)}: ${Math.round(switchover.progress * 100)}%, ${seconds.toFixed(0)} s  ${nodes.join(', ')}`
}

/** Prints the end; resolves with the exit status. */
export function printEnd ({ console, given }: Context, { data, text }: Pick<Answer<Switchover>, 'data' | 'text'>): number {
  const { outcome, error, continued_by: next, started_at: started, finished_at: finished } = data
  const sentence = `${nameOf(data)}: ${outcome ?? data.state}${finished === null ? '' : ` after ${duration(started, finished)}`}`
  const isSuccess = outcome === 'succeeded'
  if (given.flag('json')) console.json(text)
  else if (isSuccess) console.print(`${sentence}\n`)
  if (!isSuccess) console.say(`${sentence}.${error === null ? '' : ` ${error.message} (${error.code})`}${next === null ? '' : ` ${epochWord(next)} took its place.`} pvcctl status shows the primary.`)
  return exitStatus(isSuccess ? 'done' : 'refused')
}
