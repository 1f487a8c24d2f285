/** What makes sure, from outside, that a node holds nothing. */

export interface FencingTarget {
  readonly node: string
  /** Address and credentials of its management controller, where it has published them. */
  readonly ipmi: { readonly host: string, readonly username: string, readonly password: string } | null
  /** The present epoch, or null. */
  readonly epoch: number | null
}

export interface FencingResult {
  /** The node certainly holds nothing now. Anything less is not confirmed. */
  readonly confirmed: boolean
  /** What happened, in a sentence; never holds a credential. */
  readonly message: string
}

export interface FencingProbe {
  /** The agent got an answer that it could fence on. */
  readonly works: boolean
  /** What was said of the power of the machine, by an agent that asks for it. */
  readonly power?: 'on' | 'off'
  /** What was found, in a sentence; never holds a credential. */
  readonly message: string
}

export interface FencingAgent {
  readonly method: string
  /** One attempt. Resolves in bounded time, and only when nothing of it continues. Must not reject. */
  fence (target: FencingTarget, signal: AbortSignal): Promise<FencingResult>
  /** Finds out without changing anything whether `fence` would work; null if this agent cannot. Resolves and ends as `fence` does. */
  probe (target: FencingTarget, signal: AbortSignal): Promise<FencingProbe | null>
}
