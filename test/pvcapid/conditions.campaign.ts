/** `npm run campaign -- conditions`: every condition that znodes can bring about, on every surface; prints the table. */
import t from 'tap'
import { cases, run } from './support/condition-surfaces.ts'

t.test('every condition', async (t) => {
  const rows = await run(t, null)
  t.equal(rows.length, cases.length)
  for (const [code, shown, appeared, disappeared] of rows) t.comment(`${code.padEnd(20)} ${Object.entries(shown).map(([name, there]) => `${name}: ${there ? 'yes' : 'NO'}`).join('  ')}  appeared after ${Math.round(appeared)} ms, gone after ${Math.round(disappeared)} ms`)
})
