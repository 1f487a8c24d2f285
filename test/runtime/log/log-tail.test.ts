/** The end of the log for other nodes: bounded, in words, without secrets. */
import t from 'tap'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { LogTail } from '../../../src/runtime/log/log-tail.ts'
import { ManualClock } from '../../support/manual-clock.ts'

t.test('lines in words, as they were logged, without secrets', async (t) => {
  const tail = new LogTail()
  const printed: string[] = []
  const log = createLogger({ name: 'pvcnoded', level: 'info', clock: new ManualClock(), destination: { write: (line: string) => { printed.push(line) } }, tail }).child({ node: 'hv1' })
  log.info({ epoch: 7, password: 'hunter2' }, 'begun')
  log.debug('not at this level')
  log.warn('failure')
  t.equal(tail.text, '1970-01-01T00:00:00.000Z info begun {"epoch":7,"password":"[hidden]"}\n1970-01-01T00:00:00.000Z warn failure')
  t.equal(printed.length, 2, 'and they go where they went')
})

t.test('the lines of earlier runs come before those of this one', async (t) => {
  const tail = new LogTail()
  const write = (msg: string) => tail.write(JSON.stringify({ level: 'info', time: 'T', msg }))
  write('here')
  tail.continueFrom('before\n\nand before')
  t.equal(tail.text, 'before\nand before\nT info here')
  tail.continueFrom('later')
  t.equal(tail.text, 'before\nand before\nT info here', 'once')
  const full = new LogTail()
  full.continueFrom(Array.from({ length: 1_500 }, (_, index) => `old ${index}`).join('\n'))
  t.equal(full.text.split('\n').length, 1_000)
  full.write(JSON.stringify({ level: 'info', time: 'T', msg: 'new' }))
  t.strictSame([full.text.split('\n').length, full.text.split('\n').at(-1)], [1_000, 'T info new'])
  const large = new LogTail()
  large.continueFrom('z'.repeat(1_000_000))
  t.ok(large.text.length <= 200_000)
  large.continueFrom('')
})

t.test('bounded in lines and in size', async (t) => {
  const tail = new LogTail()
  let told = 0
  tail.onLine = () => { told++ }
  for (let index = 0; index < 1_500; index++) tail.write(JSON.stringify({ level: 'info', time: 'T', msg: String(index) }))
  const lines = tail.text.split('\n')
  t.equal(told, 1_500)
  t.equal(lines.length, 1_000)
  t.equal(lines.at(-1), 'T info 1499')
  tail.write(JSON.stringify({ level: 'info', time: 'T', msg: 'x'.repeat(150_000) }))
  t.ok(tail.text.length <= 200_000)
  tail.write(JSON.stringify({ level: 'info', time: 'T', msg: 'y'.repeat(1_000_000) }))
  t.equal(tail.text.length, 200_000)
  t.match(tail.text, /^T info y+$/)
})
