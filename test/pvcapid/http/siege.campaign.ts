/**
 * `npm run siege`: an API under every attack of `siege/attacks.ts`, in a cluster of 5,000 nodes, with a well-behaved client beside the attackers.
 * Takes about ten minutes, and says in a table what each attack came to. For a share of them: `SIEGE='never reads|pipelined' npm run siege`;
 * `together` is the attacks that run at the same time, in rounds.
 */
import t from 'tap'
import { attacks } from '../../../proof/siege/attacks.ts'
import { siege, siegeInRounds } from '../../../proof/siege/siege.ts'
import { targets } from '../../../proof/siege/targets.ts'
import { rounds } from '../../../proof/siege/together.ts'
import { znodeAttacks } from '../../../proof/siege/znodes.ts'

const NODES = Number(process.env['NODES'] ?? 5_000)
const chosen = process.env['SIEGE'] ?? ''

const isChosen = (name: string): boolean => chosen.split('|').some((part) => name.includes(part))

t.test('a siege', { timeout: 1_200_000 }, async (t) => {
  const besieged = await targets(t, NODES)
  if (isChosen('together')) await siegeInRounds(t, besieged.open, rounds, { share: 1, judgesTime: true })
  await siege(t, besieged, [...attacks, ...znodeAttacks].filter(({ name }) => isChosen(name)), { share: 1, judgesTime: true })
})
