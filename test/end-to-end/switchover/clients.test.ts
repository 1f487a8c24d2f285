/**
 * Many clients at once: every 2xx is one change of the key that really happened, and every other answer changed nothing. A known peer
 * answers 200 to 133 of 240 such requests whose writes were lost.
 */
import t from 'tap'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { isComplete } from '../../../src/core/switchover/completion.ts'
import type { SwitchoverRecord } from '../../../src/core/model/record.ts'

const nodes = ['hv1', 'hv2', 'hv3']
const CLIENTS = 8
const ROUNDS = Number(process.env['CLIENT_ROUNDS'] ?? 20)

interface Answer {
  readonly status: number
  readonly target: string
  /** The epoch of its Location, or null. */
  readonly epoch: number | null
  readonly body: string
}

const anyOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T

/** Asks for `target` by the old or by the new route. */
async function ask (api: string, target: string, old: boolean): Promise<Answer> {
  const { status, headers: { location }, text } = old
    ? await askApi(`${api}/api/v1/node/${target}/coordinator-state?state=primary`, { method: 'POST' })
    : await askForSwitchover(api, { to: target })
  return { status, target, epoch: location === undefined ? null : Number(location.split('/').at(-1)), body: text }
}

const isSuccess = (answer: Answer) => answer.status === 200 || answer.status === 202

t.test(`${CLIENTS} clients, ${ROUNDS} rounds`, { timeout: 60_000 + ROUNDS * 10_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const apis = await Promise.all(['hv1', 'hv2'].map(async (name) => await made.startApi(name)))
  let before = await watcher.settled()
  const reached = new Set<string>()
  let lost = 0
  let acknowledged = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const others = nodes.filter((name) => name !== before.name)
    const versionBefore = watcher.feed.view?.key.version ?? -1
    const answers = await Promise.all(Array.from({ length: CLIENTS }, async (_, index) => await ask(anyOf(apis), anyOf(others), index % 2 === 0)))
    const epochs = [...new Set(answers.filter(isSuccess).map((answer) => answer.epoch))]
    await watcher.sees('the switchover', (view) => view.key.version >= versionBefore + Math.max(1, epochs.length))
    const after = await watcher.settled()
    const { view } = watcher.feed
    t.ok(epochs.length >= 1, `round ${round}: at least one succeeded`)
    t.equal(view?.key.version, versionBefore + epochs.length, `round ${round}: one version for each switchover acknowledged, none besides`)
    for (const answer of answers) {
      if (!isSuccess(answer)) {
        t.ok([409, 412, 503].includes(answer.status), `round ${round}: ${answer.status} is a refusal`)
        continue
      }
      acknowledged++
      const record: SwitchoverRecord | undefined = view?.records.find((record) => record.epoch === answer.epoch)
      if (record?.to !== answer.target || record.outcome !== 'succeeded') lost++
    }
    reached.add(after.name)
    before = after
  }
  t.equal(lost, 0, 'no acknowledged write was lost')
  t.same([...reached].sort(), nodes, 'every coordinator was reached')
  t.same(made.collisions(), [])
  t.comment(`${acknowledged} of ${CLIENTS * ROUNDS} requests acknowledged, ${lost} lost`)
})

t.test('the same answer from an API that was started afterwards', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const first = await made.startApi('hv1')
  const primary = await watcher.settled()
  const target = anyOf(nodes.filter((name) => name !== primary.name))
  const { epoch } = await ask(first, target, false)
  const answer = async (api: string) => {
    return (await askApi(`${api}/api/v1/switchover/${epoch ?? ''}?wait=60`)).body
  }
  const mine = await answer(first)
  t.match(mine, { done: true, outcome: 'succeeded', to: target, from: primary.name, progress: 1 })
  // The watcher may hear of it later than the API.
  await watcher.sees('the completion rule holds', (view) => isComplete(view, epoch ?? -1, target))
  t.same((mine['timeline'] as Array<{ node: string, coordinator_state: string }>).map((entry) => `${entry.node} ${entry.coordinator_state}`).sort(), [
    `${primary.name} relinquish`, `${primary.name} secondary`, `${target} primary`, `${target} takeover`,
  ].sort())
  const second = await made.startApi('hv2')
  t.same(await answer(second), mine)
})
