/** `switch`: one request, sent once; `--wait` follows what it began. And `show`, which follows any. */
import { exitStatus } from '../cli/table.ts'
import type { Answer } from '../client/cluster.ts'
import type { Schemas } from '../client/endpoint.ts'
import { shapes } from '../client/shapes.ts'
import { Failure } from '../output/failure.ts'
import { columns, moment, plain } from '../output/text.ts'
import { pause } from '../../runtime/deadline.ts'
import type { Context, Run } from './command.ts'
import { epochWord, followed, nameOf, printEnd } from './follow.ts'

type Switchover = Schemas['Switchover']
type Wish = { readonly to?: string, readonly from?: string, readonly reason?: string, readonly timeout?: number, readonly force?: Array<'health' | 'priority' | 'resources'> }

/** Milliseconds that a lost reply is looked for: longer than an API works on a request. */
const LOOK_FOR = 5_000
const LOOK_AGAIN = 500
/** Entries of the history that are looked at for it. */
const PAGE = 50

const never = new AbortController().signal

export const change: Run = async (context) => {
  const { given } = context
  const [to, from, reason, timeout, epoch] = [given.text('to'), given.text('from'), given.text('reason'), given.number('timeout'), given.number('if-epoch')]
  if (to === undefined && from === undefined) throw new Failure('usage', 'switch needs --to, --from or both. See pvcctl switch --help.')
  const force = given.list('force') as Array<'health' | 'priority' | 'resources'>
  const wish: Wish = { ...to === undefined ? {} : { to }, ...from === undefined ? {} : { from }, ...reason === undefined ? {} : { reason }, ...timeout === undefined ? {} : { timeout }, ...force.length === 0 ? {} : { force } }
  const header = epoch === undefined ? {} : { 'if-match': String(epoch) }
  return given.flag('dry-run') ? await dryRun(context, wish, header) : await request(context, wish, header)
}

async function dryRun ({ cluster, console, given }: Context, wish: Wish, header: { readonly 'if-match'?: string }): Promise<number> {
  const { data, text, response } = await cluster.read(shapes.switchover, async (client) => await client.POST('/api/v1/switchover', { params: { header }, body: { ...wish, dry_run: true } }))
  const planned = data as Switchover
  if (given.flag('json')) console.json(text)
  else if (planned.already === true) console.print(`Nothing would be done: it is so already, since ${nameOf(planned)}.\n`)
  else if (response.headers.has('location')) console.print(`Nothing would be written: ${nameOf(planned)} is in progress, and is what was asked for.\n`)
  else console.print(`It would begin ${nameOf(planned)}, with a bound of ${planned.timeout} s. Nothing was written.\n`)
  return exitStatus('done')
}

async function request (context: Context, wish: Wish, header: { readonly 'if-match'?: string }): Promise<number> {
  const { cluster, console, given } = context
  // After a lost reply only a later switchover can be the one that was asked for.
  const { data: before } = await cluster.read(shapes.primary, async (client) => await client.GET('/api/v1/primary', { params: { query: { consistent: 'true' } } }))
  const reply = await cluster.write(shapes.begun, async (client) => await client.POST('/api/v1/switchover', { params: { header }, body: wish }))
  const isAnswered = reply.kind === 'answer' && 'done' in reply.data
  const begun: Pick<Answer<Switchover>, 'data' | 'text'> = isAnswered
    ? { data: reply.data as Switchover, text: reply.text }
    : await found(context, wish, before, reply.kind === 'answer' ? (reply.data as Schemas['OutcomeUnknown']).message : reply.why)
  const { data, text } = begun
  if (given.flag('wait') && !data.done) return printEnd(context, await followed(context, data.epoch))
  if (given.flag('json')) console.json(text)
  if (data.already === true) {
    if (!given.flag('json')) console.print(given.flag('wait') ? `It is so already, since ${nameOf(data)}.\n` : `${data.epoch}\n`)
    if (!given.flag('wait') && console.isTerminal) console.say(`It is so already, since ${nameOf(data)}.`)
    return exitStatus('done')
  }
  if (given.flag('wait')) return printEnd(context, begun)
  if (!given.flag('json')) console.print(`${data.epoch}\n`)
  if (console.isTerminal) console.say(`${nameOf(data)} has begun. Follow it with pvcctl show ${data.epoch} --wait.`)
  return exitStatus('done')
}

/**
 * The switchover that a request without a reply has begun, or that it found in progress: the API answers the same wish with the same switchover.
 * @throws Failure `unknown`
 */
async function found ({ cluster, clock, console }: Context, wish: Wish, before: Schemas['Primary'], why: string): Promise<Pick<Answer<Switchover>, 'data' | 'text'>> {
  console.progress('the reply was lost; looking whether the switchover has begun')
  const until = clock.monotonic() + LOOK_FOR
  for (;;) {
    try {
      const { data } = await cluster.read(shapes.history, async (client) => await client.GET('/api/v1/switchover', { params: { query: { consistent: 'true', each: 'true', limit: PAGE } } }))
      const epoch = data.findLast((entry) => isWish(entry, wish) && entry.epoch > (before.epoch ?? -1))?.epoch
      if (epoch !== undefined) return await cluster.read(shapes.switchover, async (client) => await client.GET('/api/v1/switchover/{epoch}', { params: { path: { epoch } } }))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
    if (clock.monotonic() >= until) throw new Failure('unknown', `Whether the switchover was begun is not known. ${why} No switchover after epoch ${before.epoch ?? 'none'} is this request. See pvcctl history before you ask again.`)
    await pause(clock, LOOK_AGAIN, never)
  }
}

const isWish = ({ cause, to, from, reason }: Schemas['HistoryEntry'], wish: Wish): boolean =>
  cause === 'request' && (to === (wish.to ?? null) || (wish.to === undefined && wish.force !== undefined)) && (wish.from === undefined || from === wish.from) && reason === (wish.reason ?? null)

export const show: Run = async (context) => {
  const { cluster, given, console } = context
  const epoch = given.number('EPOCH') ?? 0
  if (given.flag('wait')) return printEnd(context, await followed(context, epoch))
  const { data, text } = await cluster.read(shapes.switchover, async (client) => await client.GET('/api/v1/switchover/{epoch}', { params: { path: { epoch } } }))
  if (given.flag('json')) console.json(text)
  else {
    const { data: story } = await cluster.read(shapes.story, async (client) => await client.GET('/api/v1/switchover/{epoch}/timeline', { params: { path: { epoch } } }))
    console.print(description(data) + storyText(story))
  }
  return exitStatus('done')
}

/** A line for each entry; the last column is a sentence. */
const storyText = (story: ReadonlyArray<Schemas['StoryEntry']>): string =>
  story.length === 0 ? '' : `\n${columns(story.map(({ at, node, event, message }) => [`  ${at}`, node ?? '-', event, message]))}`

function description (switchover: Switchover): string {
  const { state, outcome, cause, requested_by: by, reason, force, started_at: started, finished_at: finished, timeout, error, continued_by: next, nodes, outage_seconds: outage, last_held_at: held, held_again_at: again } = switchover
  return [
    `${nameOf(switchover)}: ${outcome ?? state}`,
    `  cause     ${cause}${by === null ? '' : `, by ${by}`}${reason === null ? '' : `: ${reason}`}`,
    // An API of an older version says nothing of it.
    ...force == null ? [] : [`  overrode  ${force.join(', ')} of ${switchover.to ?? 'its target'}`],
    `  started   ${moment(started)}, bound ${timeout} s`,
    `  finished  ${moment(finished)}`,
    ...outage === null ? [] : [`  outage    ${outage} s, from ${held} to ${again}`],
    ...error === null ? [] : [`  error     ${error.message} (${error.code})`],
    ...next === null ? [] : [`  continued by ${epochWord(next)}`],
    ...outcome === null ? Object.entries(nodes).map(([name, { coordinator_state: now, step, of, resource }]) => `  ${name}  ${now ?? '-'} ${step}/${of}${resource === null ? '' : ` ${resource}`}`) : [],
  ].map((line) => `${plain(line)}\n`).join('')
}
