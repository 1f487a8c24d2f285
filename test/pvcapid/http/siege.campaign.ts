/**
 * `npm run siege`: an API under every attack of `siege/attacks.ts`, in a cluster of 5,000 nodes, with a well-behaved client beside the attackers.
 * Takes about ten minutes, and says in a table what each attack came to. For a share of them: `SIEGE='never reads|pipelined' npm run siege`.
 */
import t from 'tap'
import { attacks } from '../../../proof/siege/attacks.ts'
import { siege } from '../../../proof/siege/siege.ts'
import { targets } from '../../../proof/siege/targets.ts'
import { znodeAttacks } from '../../../proof/siege/znodes.ts'

const NODES = Number(process.env['NODES'] ?? 5_000)
const chosen = process.env['SIEGE'] ?? ''

t.test('a siege', { timeout: 1_200_000 }, async (t) => {
  await siege(t, await targets(t, NODES), [...attacks, ...znodeAttacks].filter(({ name }) => chosen.split('|').some((part) => name.includes(part))), { share: 1, judgesTime: true })
})
