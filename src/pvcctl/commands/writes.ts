/** `pause`, `resume`, `confirm-fence` and `remove-node`: one write each. After a lost reply the state is read, never written again. */
import { exitStatus } from '../cli/table.ts'
import type { ApiClient, Schemas } from '../client/endpoint.ts'
import { shapes } from '../client/shapes.ts'
import { Failure } from '../output/failure.ts'
import { pause as wait } from '../../runtime/deadline.ts'
import type { Context, Run } from './command.ts'

/** Milliseconds that the state is read after a lost reply: longer than an API works on a request. */
const LOOK_FOR = 5_000
const LOOK_AGAIN = 500

const never = new AbortController().signal

type Reply = Awaited<ReturnType<ApiClient['POST']>>

interface Write {
  readonly ask: (client: ApiClient) => Promise<Pick<Reply, 'response'> & { readonly data?: Schemas['Message'], readonly error?: unknown }>
  /** Whether it is so now, by a reading that catches up with ZooKeeper first. */
  readonly isDone: () => Promise<boolean>
  /** What was asked for, as the subject of a sentence. */
  readonly what: string
  readonly lookAt: string
}

async function written ({ cluster, clock, console, given }: Context, { ask, isDone, what, lookAt }: Write): Promise<number> {
  const reply = await cluster.write(shapes.message, ask)
  if (reply.kind === 'answer') {
    if (given.flag('json')) console.json(reply.text)
    else console.print(`${reply.data.message}\n`)
    return exitStatus('done')
  }
  const until = clock.monotonic() + LOOK_FOR
  for (;;) {
    try {
      if (await isDone()) {
        console.say(`The reply was lost, and ${what} is in force.`)
        return exitStatus('done')
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
    if (clock.monotonic() >= until) throw new Failure('unknown', `Whether ${what} is or will be in force is not known. ${reply.why} Look with ${lookAt} before you ask again.`)
    await wait(clock, LOOK_AGAIN, never)
  }
}

const maintenance = (state: 'true' | 'false'): Run => async (context) => await written(context, {
  ask: async (client) => await client.POST('/api/v1/status', { params: { query: { state } } }),
  isDone: async () => (await context.cluster.read(shapes.status, async (client) => await client.GET('/api/v1/status', { params: { query: { consistent: 'true' } } }))).data.maintenance === state,
  what: `maintenance mode ${state === 'true' ? 'on' : 'off'}`,
  lookAt: 'pvcctl status',
})

export const pause = maintenance('true')
export const resume = maintenance('false')

export const confirmFence: Run = async (context) => {
  const node = context.given.text('NODE') ?? ''
  const confirm = context.given.text('confirm')
  if (confirm !== node) throw new Failure('usage', `Be certain that ${node} is down: if it is not, two nodes may hold the same resources. Then repeat its name with --confirm ${node}.`)
  const path = { node }
  return await written(context, {
    ask: async (client) => await client.POST('/api/v1/node/{node}/fence-confirmation', { params: { path }, body: { confirm } }),
    isDone: async () => (await context.cluster.read(shapes.nodes, async (client) => await client.GET('/api/v1/node/{node}', { params: { path, query: { consistent: 'true' } } }))).data[0]?.daemon_state === 'fenced',
    what: `the confirmation for ${node}`,
    lookAt: 'pvcctl list',
  })
}

export const removeNode: Run = async (context) => {
  const { cluster, console, given } = context
  const node = given.text('NODE') ?? ''
  if (!given.flag('yes')) {
    const answer = await console.ask(`This removes ${node} from the cluster, with its log and its faults. Type its name to confirm: `)
    if (answer === null) throw new Failure('usage', `remove-node asks for confirmation, and standard input is no terminal. Nothing was sent. Repeat it with --yes to remove ${node}.`)
    if (answer !== node) throw new Failure('usage', `That is not the name ${node}. Nothing was sent.`)
  }
  const path = { node }
  return await written(context, {
    ask: async (client) => await client.DELETE('/api/v1/node/{node}', { params: { path } }),
    isDone: async () => (await cluster.read(shapes.nodes, async (client) => await client.GET('/api/v1/node/{node}', { params: { path, query: { consistent: 'true' } } }), { accepts: [404] })).response.status === 404,
    what: `the removal of ${node}`,
    lookAt: 'pvcctl list',
  })
}
