/**
 * The addresses of a host name, as the C library finds them: by nsswitch.conf with /etc/hosts, search domains and both families. Each look-up is a process of
 * its own, `getent ahosts`. Inside of this one, `getaddrinfo` runs on the four threads that libuv has for all look-ups: two names of a silent DNS server
 * (an A and an AAAA query each) held up a third that was in /etc/hosts, and the end of the process waited for those threads. More threads would only put that off,
 * and a resolver in JavaScript knows neither nsswitch.conf nor search domains.
 *
 * Guarantees: no name waits for another; a caller has an answer within `PATIENCE`, of whichever look-up of the name finds addresses first; what is asked once a look-up has had
 * that time is looked up again, because /etc/hosts or the name servers may have been mended; of one name, `MOST` look-ups at most are in progress; none outlives this process.
 * The one notion of resolving: the daemons and `--check` ask here.
 */
import { setMaxListeners } from 'node:events'
import { isIP } from 'node:net'
import { systemClock, type Clock } from '../clock.ts'
import { DeadlineError, linkSignals, withDeadline } from '../deadline.ts'
import { createCommandRunner, type CommandOutcome, type CommandRunner } from './command.ts'
import { failureOf } from './command-report.ts'

/** The addresses of a host; may reject. It may be told that the answer is no longer wanted. */
export type Lookup = (host: string, unwanted?: AbortSignal) => Promise<readonly string[]>

/** Why a name cannot be used: no answer came, or the answer is that there is no address. */
export type NameReason = 'silent' | 'unresolved'

/** The message is the end of a sentence that begins with the name. */
export class NameProblem extends Error {
  readonly reason: NameReason

  constructor (reason: NameReason, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'NameProblem'
    this.reason = reason
  }
}

/** Milliseconds that one name may keep a caller waiting; without it the others are used. */
const PATIENCE = 2_000
/** Milliseconds for one look-up: what three silent DNS servers take by the C library's defaults. The first of them may be silent, and the second answer after 5 s. */
const LONGEST = 30_000
/**
 * Look-ups of one name in progress; the oldest gives way to another. It has had `(MOST - 1) * PATIENCE` at least by then, 12 s: where two name servers say nothing, the third answers
 * after 10 s by the C library's defaults.
 */
const MOST = 7
/** Milliseconds after which a negative answer means that no DNS server has answered: the shortest time-out that resolv.conf takes is 1 s. */
const SILENCE = 950
/** Of `getent`: a wrong command line, as by an option that it does not know; and a name without an address. */
const [USAGE, NOT_FOUND] = [64, 2]

const silent = (cause?: unknown) => new NameProblem('silent', 'the name server does not answer', cause)

/** Asks `getent`, whose processes end with `ending`. */
export function getentLookup (commands: CommandRunner, clock: Clock, ending: () => AbortSignal): Lookup {
  // Without the option, a machine without an IPv6 address finds none for a name that has IPv6 alone, ::1 included. Versions before glibc 2.36 do not know it.
  let options: readonly string[] = ['--no-addrconfig']
  const ask = async (host: string, signal: AbortSignal): Promise<CommandOutcome> => await commands.run({ argv: ['getent', ...options, 'ahosts', '--', host], timeout: LONGEST, signal, env: { LC_ALL: 'C' } })
  return async (host, unwanted) => {
    const begun = clock.monotonic()
    const linked = linkSignals(ending(), unwanted)
    try {
      let outcome = await ask(host, linked.signal)
      if (outcome.kind === 'exited' && outcome.code === USAGE && options.length > 0) {
        options = []
        outcome = await ask(host, linked.signal)
      }
      return addressesIn(outcome, clock.monotonic() - begun)
    } finally {
      linked[Symbol.dispose]()
    }
  }
}

/** @param took milliseconds */
function addressesIn (outcome: CommandOutcome, took: number): readonly string[] {
  if (outcome.kind === 'exited' && outcome.code === 0) return [...new Set(outcome.stdout.split('\n').map((line) => line.split(/\s/, 1)[0] ?? '').filter((address) => isIP(address) !== 0))]
  if (outcome.kind === 'timed_out' || outcome.kind === 'aborted') throw silent()
  if (outcome.kind === 'exited' && outcome.code === NOT_FOUND) throw took >= SILENCE ? silent() : new NameProblem('unresolved', 'neither /etc/hosts nor a name server gives an address for it; one that refuses or fails looks the same')
  throw new NameProblem('unresolved', `it cannot be looked up: getent ${failureOf(outcome, LONGEST) ?? ''}`)
}

const processEnds = new AbortController()
// Every look-up in progress listens to it.
setMaxListeners(0, processEnds.signal)
let isWatched = false

/** What this process uses, in every place. */
export const hostLookup: Lookup = getentLookup(createCommandRunner(systemClock), systemClock, () => {
  if (!isWatched) process.once('exit', () => processEnds.abort())
  isWatched = true
  return processEnds.signal
})

interface Running {
  readonly found: Promise<readonly string[]>
  readonly since: number
  readonly unwanted: AbortController
}

/** Of each name, the oldest first. */
const running = new WeakMap<Lookup, Map<string, Running[]>>()

/** The look-ups of `host` in progress, the last of which is younger than `PATIENCE`. */
function begun (host: string, { lookup, clock }: AddressOptions): readonly Running[] {
  const names = running.get(lookup) ?? new Map<string, Running[]>()
  running.set(lookup, names)
  const present = names.get(host) ?? []
  names.set(host, present)
  const since = clock.monotonic()
  const latest = present.at(-1)
  if (latest !== undefined && since - latest.since < PATIENCE) return present
  if (present.length === MOST) present.shift()?.unwanted.abort()
  const unwanted = new AbortController()
  const found = lookup(host, unwanted.signal).then((all) => {
    const addresses = unwanted.signal.aborted ? [] : all.filter((address) => isIP(address) !== 0)
    // What an older one would say later is no news.
    if (addresses.length > 0) for (const older of present.slice(0, present.indexOf(started))) older.unwanted.abort()
    return addresses
  }).finally(() => {
    const at = present.indexOf(started)
    if (at >= 0) present.splice(at, 1)
    if (present.length === 0 && names.get(host) === present) names.delete(host)
  })
  const started: Running = { found, since, unwanted }
  present.push(started)
  return present
}

/** The addresses that any of them finds; never rejects, and waits for ever if none does. */
const anyOf = async (lookups: readonly Running[]): Promise<readonly string[]> => await new Promise((resolve) => {
  for (const { found } of lookups) found.then((addresses) => { if (addresses.length > 0) resolve(addresses) }, () => {})
})

export interface AddressOptions {
  readonly lookup: Lookup
  readonly clock: Clock
  /** Told of the addresses, also where they come too late for the caller. */
  readonly onFound?: (addresses: readonly string[]) => void
}

/** At least one address of `host`. Rejects with a `NameProblem`. */
export async function addressesOf (host: string, options: AddressOptions): Promise<readonly string[]> {
  const { clock, onFound } = options
  const present = begun(host, options)
  const latest = present.at(-1) as Running
  const older = anyOf(present.slice(0, -1))
  latest.found.then((addresses) => { if (addresses.length > 0) onFound?.(addresses) }, () => {})
  try {
    const addresses = await withDeadline(clock, latest.since + PATIENCE - clock.monotonic(), undefined, async () => await Promise.race([latest.found, older]))
    if (addresses.length > 0) return addresses
  } catch (error) {
    if (error instanceof NameProblem) throw error
    if (error instanceof DeadlineError) throw silent(error)
    throw new NameProblem('unresolved', `it has no address (${(error as NodeJS.ErrnoException).code ?? String(error)})`, error)
  }
  throw new NameProblem('unresolved', 'it has no address')
}
