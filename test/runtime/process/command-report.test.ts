/** What a failed command said itself, bounded, on one line, without secrets. */
import t from 'tap'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner } from '../../../src/runtime/process/command.ts'
import { failureOf, spoken } from '../../../src/runtime/process/command-report.ts'

const commands = createCommandRunner(systemClock)
const failure = async (script: string, timeout = 20_000, outputLimit = 65_536) => failureOf(await commands.run({ argv: ['sh', '-c', script], timeout, outputLimit, killStragglers: true }), timeout)

t.test('however it ends, what it said is told', async (t) => {
  t.equal(await failure('echo all is well >&2'), null)
  t.equal(await failure('echo "mount: /mnt: wrong fs type" >&2; exit 32'), 'exited with 32: mount: /mnt: wrong fs type')
  t.equal(await failure('exit 3'), 'exited with 3')
  t.equal(await failure('echo one >&2; echo two >&2; echo out; exit 1'), 'exited with 1: one / two')
  t.equal(await failure('echo dying >&2; kill -TERM $$; sleep 60'), 'was ended by SIGTERM: dying')
  t.equal(await failure('echo loud >&2; head -c 100000 /dev/zero; echo last >&2; exit 4', 20_000, 4_096), 'exited with 4: loud / last')
  t.match(await failure('echo stuck >&2; exec sleep 60', 700), /^did not end within 0\.7 s and was killed: stuck$/)
  t.match(failureOf(await commands.run({ argv: ['/nonexistent'], timeout: 1_000 }), 1_000), /^could not be started: .*ENOENT/)
  t.equal(failureOf({ kind: 'aborted' }, 1), 'was stopped')
})

t.test('fit to be quoted', async (t) => {
  t.equal(spoken(undefined), '')
  t.equal(spoken('\u001b[31mred\u001b[0m\u0007 \u0000alert\r\n\r\n  next'), 'red alert / next')
  t.equal(spoken('{"a":1}\u2028\ufffd!'), '{"a":1} !')
  const unseen = ['\u200b', '\u200e', '\u200f', '\u202a', '\u202e', '\u2060', '\u2065', '\u2066', '\u2069', '\ufeff', '\u00ad', '\u061c', '\u180e', '\u034f', '\u115f', '\ufe0f', '\u{e0041}']
  for (const each of unseen) t.equal(spoken(`unp${each}lugged`), 'unplugged', JSON.stringify(each))
  t.equal(spoken('\u001b[3\u200b1mred pass\u200bword=hunter2'), 'red password=[hidden]', 'nor do they hide anything from the rest')
  t.equal(Buffer.from(spoken('😀'.repeat(2_000) + 'x')).toString(), spoken('😀'.repeat(2_000) + 'x'), 'no character in halves')
  t.equal(spoken('x'.repeat(5_000) + 'end').length, 2_001)
  t.ok(spoken('x'.repeat(5_000) + 'end').endsWith('end'), 'the last of it')
  for (const said of ['password=hunter2', '--token hunter2', 'API_KEY: "hunter2"', 'Authorization: Bearer hunter2', '"password": "hunter2"', "passwd='hunter2'"]) t.notMatch(spoken(`login failed, ${said}, sorry`), 'hunter2', said)
})
