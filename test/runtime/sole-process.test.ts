/** One process for each configuration file, until it ends. */
import t from 'tap'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { claimSole } from '../../src/runtime/sole-process.ts'

t.test('one process at a time, however the file is named, until it lets go', async (t) => {
  const folder = t.testdir({ 'a.yaml': '', 'b.yaml': '' })
  const file = join(folder, 'a.yaml')
  symlinkSync(file, join(folder, 'link.yaml'))
  const claim = await claimSole('test', file)
  t.not(claim, null)
  t.equal(await claimSole('test', join(folder, 'link.yaml')), null)
  const other = await claimSole('test', join(folder, 'b.yaml'))
  t.not(other, null, 'another file is another matter')
  const purpose = await claimSole('test-else', file)
  t.not(purpose, null, 'and another purpose')
  claim?.[Symbol.dispose]()
  const again = await claimSole('test', file)
  t.not(again, null)
  for (const each of [other, purpose, again]) each?.[Symbol.dispose]()
  await t.rejects(claimSole('test', join(folder, 'missing')), { code: 'ENOENT' })
})
