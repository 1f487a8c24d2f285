/** What a command is given, and what it resolves with. */
import type { Clock } from '../../runtime/clock.ts'
import type { Cluster } from '../client/cluster.ts'
import type { Arguments } from '../cli/parse.ts'
import type { Console } from '../output/console.ts'

export interface Context {
  readonly cluster: Cluster
  readonly given: Arguments
  readonly console: Console
  readonly clock: Clock
}

/** Resolves with the exit status. @throws Failure */
export type Run = (context: Context) => Promise<number>
