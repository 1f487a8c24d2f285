/**
 * Keeps one live session: opens a new client instance after each loss, for as long as it is wanted.
 *
 * Guarantees: at most one session at a time; a new one only after the last is over; between attempts a bounded wait with
 * jitter, so that a cluster's daemons do not come back in step; nothing silent: every attempt, session and loss goes to
 * `report`. Without ZooKeeper it keeps trying and says so, with what each server does. A session that the servers take no more, while they take
 * new ones, is given up: they were wiped, or restored to older data, and would refuse it for ever. A chroot that is missing is made, unless a session has been
 * in it before: then it was deleted, and waits for an operator; servers that were wiped are no deletion. Servers that want sessions to authenticate are
 * tried once in `backoff.max`, and a session on them counts as one only when it has answered: until then it is not `current`, and `ready` waits.
 * Does not guarantee that `current` is connected: it may be suspended. A session is `current` from its first connection
 * to its end.
 */
import { setMaxListeners } from 'node:events'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { linkSignals } from '../../runtime/deadline.ts'
import type { Connection, Connector } from '../client/connection.ts'
import type { Diagnosis } from '../client/diagnosis.ts'
import { ZooKeeperError, hasCode, isLinkFailure, isSessionEnd, isTurnedAway, isUnauthenticated, isZooKeeperError } from '../client/errors.ts'
import { ContactDiagnosis } from './contact-diagnosis.ts'
import { Session } from './session.ts'

export type KeeperReport =
  | { readonly event: 'session_opened', readonly serial: number, readonly id: string, readonly negotiatedTimeout: number }
  | { readonly event: 'session_suspended', readonly serial: number }
  | { readonly event: 'session_resumed', readonly serial: number }
  | { readonly event: 'session_lost', readonly serial: number, readonly error: ZooKeeperError }
  /** `failures` attempts in a row have failed; the next is made in `retryIn` milliseconds. */
  | { readonly event: 'connect_failed', readonly serial: number, readonly failures: number, readonly retryIn: number, readonly error: ZooKeeperError }
  /** Why there is no contact, found out by asking each server: soon after it is missing, and again while it is. */
  | { readonly event: 'diagnosed', readonly diagnosis: Diagnosis }

export interface SessionKeeperOptions {
  readonly connector: Connector
  readonly servers: readonly string[]
  /** The path of the znode under which everything is; the root of the ensemble unless given. Made by the first session that misses it. */
  readonly chroot?: string | undefined
  /** Milliseconds to ask for. */
  readonly sessionTimeout: number
  readonly clock: Clock
  /** From 0 inclusive to 1 exclusive. */
  readonly random: () => number
  readonly report: (report: KeeperReport) => void
  /** Finds out why no session can be opened. */
  readonly diagnose?: (servers: readonly string[]) => Promise<Diagnosis>
  /** Milliseconds for one attempt to connect. Default 10,000. */
  readonly connectTimeout?: number
  /** Milliseconds; default deadline of operations. */
  readonly deadline?: number
  /** Milliseconds between attempts: doubled from `min` to `max`, then by chance between half and all of that. Default 100 and 5,000. */
  readonly backoff?: { readonly min: number, readonly max: number }
}

/** Milliseconds that a session has to have lasted to count as a success. */
const LASTING = 5_000
/** Milliseconds after which a doubtful session is asked again when its answer was lost. */
const CHECK_AGAIN = 1_000

export type SessionListener = (session: Session) => void

export class SessionKeeper {
  readonly #options: SessionKeeperOptions
  readonly #listeners = new Set<SessionListener>()
  readonly #closed = new AbortController()
  #serial = 0
  #failures = 0
  #session: Session
  #current: Session | null = null
  #failure: ZooKeeperError | null = null
  #timer: Timer | null = null
  #closing: Promise<void> | null = null
  readonly #diagnosis: ContactDiagnosis | null
  /** The last session was not authenticated, or got no answer however often it was connected: the next has to answer before it counts as one. */
  #doubtful = false
  /** A doubtful session has been asked and has not answered yet. */
  #checking = false
  /** A session has been in the chroot: if it is missing from now on, it was deleted. */
  #hasEntered = false
  /** When the present session was first connected. */
  #connectedAt = -Infinity
  /** Finds out whether the servers take new sessions while ours is out of contact. */
  #refusal: Disposable | null = null

  /** Begins to connect at once. */
  constructor (options: SessionKeeperOptions) {
    this.#options = options
    // As many wait for its end as for a session.
    setMaxListeners(0, this.#closed.signal)
    const { clock, diagnose, servers, report } = options
    this.#diagnosis = diagnose === undefined ? null : new ContactDiagnosis({ clock, diagnose: async () => await diagnose(servers), report: (diagnosis) => report({ event: 'diagnosed', diagnosis }) })
    this.#diagnosis?.missing()
    this.#session = this.#open()
  }

  /** The session since its first connection; null before the first and between two. */
  get current (): Session | null { return this.#current }

  /** Why the last session ended or could not be opened; null while there is one, and before the first attempt has failed. */
  get failure (): ZooKeeperError | null { return this.#failure }

  /** Tells of every new session, when it is first connected, and at once (in a microtask) of the present one. */
  onSession (listener: SessionListener): Disposable {
    this.#listeners.add(listener)
    const present = this.#current
    if (present !== null) {
      queueMicrotask(() => { if (this.#listeners.has(listener) && this.#current === present) listener(present) })
    }
    return { [Symbol.dispose]: () => { this.#listeners.delete(listener) } }
  }

  /** The current session as soon as it is connected: `current` at that moment. Rejects with `aborted`, or `closed` once the keeper is. */
  async ready (signal?: AbortSignal): Promise<Session> {
    const linked = linkSignals(signal, this.#closed.signal)
    try {
      for (;;) {
        if (linked.signal.aborted) throw new ZooKeeperError(this.#closed.signal.aborted ? 'closed' : 'aborted', { op: 'connect' })
        const current = this.#current
        if (current?.state === 'connected') return current
        await this.#nextConnection(linked.signal)
      }
    } finally {
      linked[Symbol.dispose]()
    }
  }

  /** Closes the session gracefully and opens no other. Idempotent. */
  close (): Promise<void> {
    this.#closing ??= (async () => {
      this.#closed.abort()
      this.#timer?.[Symbol.dispose]()
      this.#diagnosis?.over()
      this.#endRefusal()
      await this.#session.close()
      this.#listeners.clear()
    })()
    return this.#closing
  }

  /** Ends the session now and opens no other. Idempotent. */
  destroy (error: ZooKeeperError): void {
    this.#closed.abort()
    this.#timer?.[Symbol.dispose]()
    this.#diagnosis?.over()
    this.#endRefusal()
    this.#session.destroy(error)
    this.#listeners.clear()
  }

  readonly #waiting = new Set<() => void>()

  /** Resolves when the current session is connected the next time, or on abort. */
  #nextConnection (ended: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.#waiting.delete(go)
        ended.removeEventListener('abort', go)
        resolve()
      }
      this.#waiting.add(go)
      ended.addEventListener('abort', go, { once: true })
    })
  }

  #open (): Session {
    const { connector, servers, chroot, sessionTimeout, clock, connectTimeout, deadline } = this.#options
    const session = new Session({
      connector,
      servers,
      sessionTimeout,
      clock,
      serial: ++this.#serial,
      ...(chroot === undefined ? {} : { chroot: { path: chroot, create: !this.#hasEntered } }),
      ...(connectTimeout === undefined ? {} : { connectTimeout }),
      ...(deadline === undefined ? {} : { deadline }),
    })
    session.onState((state) => {
      switch (state) {
        case 'connecting': break
        case 'connected':
          this.#hasEntered = true
          if (this.#doubtful) void this.#check(session)
          else this.#connected(session)
          break
        case 'suspended':
          if (this.#current === session) this.#options.report({ event: 'session_suspended', serial: session.serial })
          this.#diagnosis?.missing()
          this.#watchRefusal(session)
          break
        case 'lost':
        case 'closed': this.#over(session); break
        default: state satisfies never
      }
    })
    return session
  }

  /** Once the session must be over if the servers served all this time, a new one is tried beside it. It has no chroot: it names no znode. */
  #watchRefusal (session: Session): void {
    this.#endRefusal()
    const { connector, servers, sessionTimeout, clock } = this.#options
    const unless = session.negotiatedTimeout / 4 + 1_000
    let probe: Connection | null = null
    let timer = clock.after(session.negotiatedTimeout, () => {
      probe = connector({
        servers,
        sessionTimeout,
        onEvent: ({ type }) => {
          if (type !== 'connected') return
          // Ours may be about to come back, too.
          timer = clock.after(unless, () => {
            this.#endRefusal()
            if (session.state === 'suspended') session.destroy(new ZooKeeperError('session_refused', { op: 'connect' }))
          })
        },
      })
    })
    this.#refusal = {
      [Symbol.dispose]: () => {
        timer[Symbol.dispose]()
        probe?.close()
      },
    }
  }

  #endRefusal (): void {
    this.#refusal?.[Symbol.dispose]()
    this.#refusal = null
  }

  /** One question at a time: an answer of any kind shows that the servers serve this session. */
  async #check (session: Session): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    const error: unknown = await session.exists('/').then(() => null, (reason: unknown) => reason)
    this.#checking = false
    if (session.over || this.#session !== session) return
    // Asked again with the next connection.
    if (session.state !== 'connected') return
    if (isLinkFailure(error)) {
      this.#timer = this.#options.clock.after(CHECK_AGAIN, () => { if (session.state === 'connected') void this.#check(session) })
      return
    }
    // The end of the session comes after this word of it.
    if (isSessionEnd(error)) return
    this.#doubtful = false
    this.#connected(session)
  }

  #connected (session: Session): void {
    this.#endRefusal()
    this.#diagnosis?.over()
    if (this.#current === session) {
      this.#options.report({ event: 'session_resumed', serial: session.serial })
      this.#tellWaiting()
      return
    }
    this.#connectedAt = this.#options.clock.monotonic()
    this.#current = session
    this.#failure = null
    this.#options.report({ event: 'session_opened', serial: session.serial, id: session.id, negotiatedTimeout: session.negotiatedTimeout })
    for (const listener of [...this.#listeners]) listener(session)
    this.#tellWaiting()
  }

  #tellWaiting (): void {
    for (const go of [...this.#waiting]) go()
  }

  #over (session: Session): void {
    const reason: unknown = session.lost.reason
    const error = isZooKeeperError(reason) ? reason : new ZooKeeperError('unknown', { op: 'connect', cause: reason })
    const serial = session.serial
    this.#endRefusal()
    this.#failure = error
    const wasCurrent = this.#current === session
    if (wasCurrent) {
      // One that ended as soon as it had begun is no success: the next would end the same way.
      if (this.#options.clock.monotonic() - this.#connectedAt >= LASTING) this.#failures = 0
      this.#current = null
      this.#options.report({ event: 'session_lost', serial, error })
    }
    if (this.#closed.signal.aborted) return
    this.#failures += 1
    const { min, max } = this.#options.backoff ?? { min: 100, max: 5_000 }
    const step = Math.min(max, min * 2 ** (this.#failures - 1))
    const turnedAway = isTurnedAway(error)
    this.#doubtful = isUnauthenticated(error) || hasCode(error, 'session_unserved')
    // Servers without their data have no chroot either, although no client has deleted it.
    if (hasCode(error, 'session_refused')) this.#hasEntered = false
    const retryIn = Math.round(turnedAway ? max * (1 + this.#options.random() / 2) : step * (0.5 + this.#options.random() / 2))
    // The servers have given the reason themselves: no diagnosis is needed.
    if (turnedAway) this.#diagnosis?.over()
    else this.#diagnosis?.missing()
    if (session.id === '' || (this.#doubtful && !wasCurrent)) {
      this.#options.report({ event: 'connect_failed', serial, failures: this.#failures, retryIn, error })
    }
    this.#timer = this.#options.clock.after(retryIn, () => {
      this.#session = this.#open()
    })
  }
}
