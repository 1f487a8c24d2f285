/** `check`: the cluster's health as a monitoring plugin reports it. Statuses and performance data are those of the Monitoring Plugins' guidelines. */
import { plain } from '../output/text.ts'
import { Failure } from '../output/failure.ts'
import type { Schemas } from '../client/endpoint.ts'
import { shapes } from '../client/shapes.ts'
import type { Context, Run } from './command.ts'

const statuses = { ok: [0, 'OK'], warning: [1, 'WARNING'], critical: [2, 'CRITICAL'] } as const

/** What a plugin exits with if it cannot tell. */
export const CHECK_UNKNOWN = 3

/** Seconds after which an API calls its own view stale. */
const STALE_AFTER = 2.5

export const check: Run = async (context) => {
  try {
    return await report(context)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    context.console.print(unknown(error.message))
    return CHECK_UNKNOWN
  }
}

/** What follows `|` is performance data, so that no text may have it. */
const words = (text: string): string => plain(text).replaceAll('|', '/')

export const unknown = (why: string): string => `PVC UNKNOWN - ${words(why)}\n`

async function report ({ cluster, console, given }: Context): Promise<number> {
  const [{ data, text }, living] = await Promise.all([
    cluster.read(shapes.health, async (client) => await client.GET('/health/cluster'), { accepts: [429, 503] }),
    cluster.living(),
  ])
  if (!Array.isArray(data.conditions)) throw new Failure('unreachable', 'The reply is not that of a pvcapid. See that --api names one.')
  const count = (severity: Schemas['Condition']['severity']) => data.conditions.filter((condition) => condition.severity === severity).length
  const counts = { critical: count('critical'), warning: count('warning'), info: count('info') }
  const [status, word] = data.stale ? [CHECK_UNKNOWN, 'UNKNOWN'] : statuses[data.status]
  if (given.flag('json')) {
    console.json(text)
    return status
  }
  const worst = data.conditions.find(({ severity }) => severity === data.status)
  const what = data.stale ? 'every API that answers has lost contact with ZooKeeper' : worst?.message ?? `${data.primary ?? 'no node'} is primary`
  const age = data.view_age === null ? [] : [`view_age=${data.view_age.toFixed(3)}s;${STALE_AFTER};;0`]
  const total = cluster.endpoints.length
  const figures = [`critical=${counts.critical};;0;0`, `warning=${counts.warning};0;;0`, `info=${counts.info};;;0`, ...age, `apis=${living};;;0;${total}`]
  console.print(`PVC ${word} - ${words(what).replace(/\.$/, '')}, ${living} of ${total} ${total === 1 ? 'API answers' : 'APIs answer'} | ${figures.join(' ')}\n`)
  for (const { severity, message, advice, code } of data.conditions) console.print(words(`${severity}: ${message} (${code}) ${advice}`) + '\n')
  return status
}
