/** `list`, `status`, `history`, `eligible`: one reading each, printed. */
import { exitStatus } from '../cli/table.ts'
import { columns, duration, moment, plain } from '../output/text.ts'
import type { Schemas } from '../client/endpoint.ts'
import { shapes } from '../client/shapes.ts'
import type { Run } from './command.ts'

const DONE = exitStatus('done')

export const list: Run = async ({ cluster, given, console }) => {
  const { data, text } = await cluster.read(shapes.nodes, async (client) => await client.GET('/api/v1/node'))
  if (given.flag('json')) console.json(text)
  else if (given.flag('quiet')) console.print(data.map(({ name }) => `${plain(name)}\n`).join(''))
  else {
    console.print(columns([
      ['NODE', 'DAEMON', 'COORDINATOR', 'DOMAINS', 'HEALTH', 'VERSION'],
      ...data.map((node) => [node.name, node.daemon_state, node.coordinator_state, node.domain_state, typeof node.health === 'number' ? `${node.health}%` : node.health, node.pvc_version]),
    ]))
  }
  return DONE
}

export const status: Run = async ({ cluster, given, console }) => {
  const { data, text } = await cluster.read(shapes.status, async (client) => await client.GET('/api/v1/status'))
  if (given.flag('json')) {
    console.json(text)
    return DONE
  }
  const { data: primary } = await cluster.read(shapes.primary, async (client) => await client.GET('/api/v1/primary'))
  const lock = data.primary_lock
  const rows = [
    ['cluster', [data.cluster_name, data.cluster].filter((text) => text !== undefined && text !== '').join(', ') || '-'],
    ['primary', primaryText(primary)],
    ['health', data.cluster_health.health < 0 ? 'unknown' : `${data.cluster_health.health}%`],
    ['nodes', `${data.nodes['total'] ?? 0}`],
    ['maintenance', data.maintenance === 'true' ? 'on: no node is fenced' : 'off'],
    ['primary lock', lock == null ? 'free' : `held by ${lock.identifier ?? lock.child}`],
  ]
  console.print(columns(rows))
  for (const condition of data.conditions ?? []) console.print(conditionText(condition))
  return DONE
}

const primaryText = ({ name, epoch, since, settled }: Schemas['Primary']): string =>
  name === null ? 'none' : `${name}, epoch ${epoch ?? '-'} since ${moment(since)}, ${settled ? 'settled' : 'not settled'}`

/** Two lines: what is the case, and what to do. */
const conditionText = ({ severity, code, message, advice }: Schemas['Condition']): string => `${severity}: ${plain(message)} (${code})\n  ${plain(advice)}\n`

export const history: Run = async ({ cluster, given, console }) => {
  const [limit, before] = [given.number('limit'), given.number('before')]
  const query = { ...limit === undefined ? {} : { limit }, ...before === undefined ? {} : { before }, ...given.flag('each') ? { each: 'true' as const } : {} }
  const { data, text } = await cluster.read(shapes.history, async (client) => await client.GET('/api/v1/switchover', { params: { query } }))
  if (given.flag('json')) console.json(text)
  else {
    console.print(columns([
      ['EPOCH', 'STARTED', 'FROM', 'TO', 'CAUSE', 'OUTCOME', 'TOOK', 'REASON'],
      ...data.map((entry) => [
        entry.count > 1 ? `${entry.first_epoch}-${entry.epoch}` : String(entry.epoch), moment(entry.started_at), entry.from ?? '-', entry.became ?? entry.to ?? '-', entry.cause,
        entry.outcome ?? entry.state, entry.finished_at === null ? '-' : duration(entry.started_at, entry.finished_at), entry.error?.message ?? entry.reason ?? '',
      ]),
    ]))
  }
  return DONE
}

export const eligible: Run = async ({ cluster, given, console }) => {
  const { data, text } = await cluster.read(shapes.eligibility, async (client) => await client.GET('/api/v1/switchover/eligibility'))
  if (given.flag('json')) console.json(text)
  else {
    console.print(columns([
      ['NODE', 'STATE', 'ELIGIBLE', 'WHY NOT'],
      ...data.map(({ name, coordinator_state: state, eligible, reasons, unwilling }) => [name, state ?? '-', eligible ? 'yes' : 'no', (eligible ? unwilling : reasons).map(({ message }) => message).join('; ')]),
    ]))
  }
  return DONE
}
