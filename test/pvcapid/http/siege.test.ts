/** A short siege: some attacks, by few attackers. All of them, by many: `npm run siege`. */
import t from 'tap'
import { attacks, FULL } from '../../../proof/siege/attacks.ts'
import { siege, siegeInRounds } from '../../../proof/siege/siege.ts'
import { targets } from '../../../proof/siege/targets.ts'
import { rounds } from '../../../proof/siege/together.ts'

const chosen = [
  '1,800 × /openapi.json, never reads', `${FULL} long-polls pipelined, reset`, `${FULL} event streams pipelined, reset`, `${FULL} static files pipelined, reset`,
  '1,200 × 16 long-polls with 15 kB of headers', '4,000 bodies that are half sent', 'long-polls, half-closed', 'silent before TLS', 'the log of a node, never reads', '120,000 chunks of one byte',
]
const taken = attacks.filter(({ name }) => chosen.includes(name))

t.test('a short siege', async (t) => {
  t.equal(taken.length, chosen.length)
  const besieged = await targets(t, 100)
  await siegeInRounds(t, besieged.open, rounds, { share: 0.2, judgesTime: false })
  await siege(t, besieged, taken, { share: 0.2, judgesTime: false })
})
