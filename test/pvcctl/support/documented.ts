/** The commands of pages, run as the pages promise. */
import type { Test } from 'tap'
import { commandsOf } from '../../docs/support/commands.ts'
import { endGroup, type Pvcctl } from './pvcctl.ts'

/** Runs each block of `file` that has pvcctl in it. */
export async function documented (t: Test, pvcctl: Pvcctl, file: string, env: Readonly<Record<string, string>>): Promise<number> {
  let count = 0
  for (const { at, text, notRun, says, endless } of commandsOf(file)) {
    if (notRun !== null || !/\bpvcctl\b/.test(text)) continue
    count += 1
    const run = pvcctl.shell(text, env)
    if (endless && says !== null) {
      await run.says(says)
      endGroup(run.child, 'SIGTERM')
    }
    const { status, stdout, stderr } = await run.ended
    if (endless) continue
    t.equal(status, 0, `${at} exits 0\n${stdout}${stderr}`)
    if (says !== null) t.match(stdout + stderr, says, `${at} says what it promises`)
  }
  return count
}
