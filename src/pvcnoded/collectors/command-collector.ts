/**
 * A collector that is an external command: one JSON object on stdout, `{ "health_delta": 0 to 100, "message": "…", "data": … }`, each optional.
 * It runs in a process group of its own, and whatever is left of that group is killed when it has ended, however it ended.
 */
import { numberOf, parseWritten } from '../../core/pvc/written-number.ts'
import type { CommandRunner } from '../../runtime/process/command.ts'
import { failureOf, seen } from '../../runtime/process/command-report.ts'
import { CollectorFault, type Check, type Collector } from './collector.ts'

export interface CommandCollectorConfig {
  readonly name: string
  readonly command: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
}

/** Stricter than what any reader accepts, so that no reader refuses what is published. */
const PUBLISHED = { length: 65_536, depth: 16 }
/** Milliseconds more that killing and reaping may take before the command counts as hanging all the same. */
const REAPING = 1_000

export function commandCollector ({ name, command, timeout }: CommandCollectorConfig, node: string, commands: CommandRunner): Collector {
  return {
    name,
    timeout: timeout + REAPING,
    async collect (signal) {
      const outcome = await commands.run({ argv: command, env: { PVC_NODE: node, PVC_ACTION: 'collect' }, timeout, signal, killStragglers: true })
      const failure = failureOf(outcome, timeout)
      if (failure !== null || outcome.kind !== 'exited') throw new CollectorFault(failure ?? 'did not end')
      if (outcome.truncated === true) throw new CollectorFault('printed more than 64 KiB')
      return { znodes: {}, check: parseCheck(outcome.stdout) }
    },
  }
}

/** Throws a `CollectorFault` for anything but the form above; unknown fields are passed over. */
export function parseCheck (stdout: string): Check {
  if (stdout.trim() === '') throw new CollectorFault('printed nothing')
  const parsed = parseWritten(stdout, PUBLISHED)
  if (!parsed.ok) throw new CollectorFault(`printed something that ${parsed.problem}`)
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value) || numberOf(value) !== null) throw new CollectorFault('did not print a JSON object')
  const { health_delta: given = 0, message = '', data = null } = value as Record<string, unknown>
  const delta = numberOf(given)
  if (delta === null || !Number.isInteger(delta) || delta < 0 || delta > 100) throw new CollectorFault('printed a health_delta that is no whole number from 0 to 100')
  if (typeof message !== 'string') throw new CollectorFault('printed a message that is no text')
  return { healthDelta: delta, message: seen(message), data }
}
