/**
 * The addresses of a host name, as the C library finds them: by nsswitch.conf with /etc/hosts, search domains and both families. Each look-up is a process of
 * its own, `getent ahosts`. Inside of this one, `getaddrinfo` runs on the four threads that libuv has for all look-ups: two names of a silent DNS server
 * (an A and an AAAA query each) held up a third that was in /etc/hosts, and the end of the process waited for those threads. More threads would only put that off,
 * and a resolver in JavaScript knows neither nsswitch.conf nor search domains.
 *
 * Guarantees: no name waits for another, and none is looked up twice at a time; a caller has an answer within `PATIENCE`, and at once while a look-up is in progress that has
 * had its time already; no look-up outlives this process.
 * The one notion of resolving: the daemons and `--check` ask here.
 */
import { isIP } from 'node:net'
import { systemClock, type Clock } from '../clock.ts'
import { DeadlineError, withDeadline } from '../deadline.ts'
import { createCommandRunner, type CommandOutcome, type CommandRunner } from './command.ts'
import { failureOf } from './command-report.ts'

/** The addresses of a host; may reject. */
export type Lookup = (host: string) => Promise<readonly string[]>

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
/** Milliseconds after which a negative answer means that no DNS server has answered: the shortest time-out that resolv.conf takes is 1 s. */
const SILENCE = 950
/** Of `getent`: a wrong command line, as by an option that it does not know; and a name without an address. */
const [USAGE, NOT_FOUND] = [64, 2]

const silent = (cause?: unknown) => new NameProblem('silent', 'the name server does not answer', cause)

/** Asks `getent`, whose processes end with `ending`. */
export function getentLookup (commands: CommandRunner, clock: Clock, ending: () => AbortSignal): Lookup {
  // Without the option, a machine without an IPv6 address finds none for a name that has IPv6 alone, ::1 included. Versions before glibc 2.36 do not know it.
  let options: readonly string[] = ['--no-addrconfig']
  const ask = async (host: string): Promise<CommandOutcome> => await commands.run({ argv: ['getent', ...options, 'ahosts', '--', host], timeout: LONGEST, signal: ending(), env: { LC_ALL: 'C' } })
  return async (host) => {
    const begun = clock.monotonic()
    let outcome = await ask(host)
    if (outcome.kind === 'exited' && outcome.code === USAGE && options.length > 0) {
      options = []
      outcome = await ask(host)
    }
    if (outcome.kind === 'exited' && outcome.code === 0) return [...new Set(outcome.stdout.split('\n').map((line) => line.split(/\s/, 1)[0] ?? '').filter((address) => isIP(address) !== 0))]
    if (outcome.kind === 'timed_out' || outcome.kind === 'aborted') throw silent()
    if (outcome.kind === 'exited' && outcome.code === NOT_FOUND) throw clock.monotonic() - begun >= SILENCE ? silent() : new NameProblem('unresolved', 'neither /etc/hosts nor a name server gives an address for it; one that refuses or fails looks the same')
    throw new NameProblem('unresolved', `it cannot be looked up: getent ${failureOf(outcome, LONGEST) ?? ''}`)
  }
}

const processEnds = new AbortController()
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
}

const running = new WeakMap<Lookup, Map<string, Running>>()

function begun (host: string, { lookup, clock }: AddressOptions): Running {
  const names = running.get(lookup) ?? new Map<string, Running>()
  running.set(lookup, names)
  const present = names.get(host)
  if (present !== undefined) return present
  const found = lookup(host).then((addresses) => addresses.filter((address) => isIP(address) !== 0)).finally(() => names.delete(host))
  const started = { found, since: clock.monotonic() }
  names.set(host, started)
  return started
}

export interface AddressOptions {
  readonly lookup: Lookup
  readonly clock: Clock
  /** Told of the addresses, also where they come too late for the caller. */
  readonly onFound?: (addresses: readonly string[]) => void
}

/** At least one address of `host`. Rejects with a `NameProblem`. */
export async function addressesOf (host: string, options: AddressOptions): Promise<readonly string[]> {
  const { clock, onFound } = options
  const { found, since } = begun(host, options)
  found.then((addresses) => { if (addresses.length > 0) onFound?.(addresses) }, () => {})
  try {
    const addresses = await withDeadline(clock, Math.max(0, since + PATIENCE - clock.monotonic()), undefined, async () => await found)
    if (addresses.length > 0) return addresses
  } catch (error) {
    if (error instanceof NameProblem) throw error
    if (error instanceof DeadlineError) throw silent(error)
    throw new NameProblem('unresolved', `it has no address (${(error as NodeJS.ErrnoException).code ?? String(error)})`, error)
  }
  throw new NameProblem('unresolved', 'it has no address')
}
