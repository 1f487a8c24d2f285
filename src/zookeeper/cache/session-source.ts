import type { Session } from '../session/session.ts'

/** Where the sessions come from: a `SessionKeeper`, or anything that gives one after the other. */
export interface SessionSource {
  readonly current: Session | null
  onSession (listener: (session: Session) => void): Disposable
}

/** One session and no other: what is read on it ends with it. */
export const only = (session: Session): SessionSource => ({
  current: session,
  onSession: (listener) => {
    listener(session)
    return { [Symbol.dispose]: () => {} }
  },
})
