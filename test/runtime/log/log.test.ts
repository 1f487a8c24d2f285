/** Log lines: one JSON object each, no secrets, one line for a fault that lasts. */
import t from 'tap'
import { createLogger, Episode, secretNames } from '../../../src/runtime/log/log.ts'
import type { LogLevel } from '../../../src/runtime/log/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function build (level: LogLevel = 'info') {
  const clock = new ManualClock()
  const text: string[] = []
  const log = createLogger({ name: 'pvcnoded', level, clock, destination: { write: (line: string) => { text.push(line) } } })
  return { clock, log, text, lines: () => text.map((line) => JSON.parse(line)) }
}

t.test('a line is one JSON object with level, name, time of the injected clock and message', async (t) => {
  const { clock, log, text, lines } = build()
  clock.advance(1500)
  log.info({ epoch: 7 }, 'took over')
  log.debug('not shown')
  t.equal(text.length, 1)
  t.match(text[0], /^\{.*\}\n$/)
  t.match(lines()[0], { level: 'info', name: 'pvcnoded', time: '1970-01-01T00:00:01.500Z', epoch: 7, msg: 'took over' })
})

for (const name of secretNames) {
  t.test(`${name} is never shown`, async (t) => {
    const { log, text } = build()
    log.info({ [name]: 'hunter2' }, 'level 1')
    log.info({ a: { [name]: 'hunter2' } }, 'level 2')
    log.info({ req: { headers: { [name]: 'hunter2' } } }, 'level 3')
    log.info({ config: { api: { tokens: [{ [name]: 'hunter2' }] }, b: { c: { [name]: 'hunter2' } } } }, 'level 4')
    log.child({ [name]: 'hunter2' }).info('child')
    t.equal(text.length, 5)
    for (const [index, line] of text.entries()) {
      if (index === 3) t.match(line, '"c":{') // the fourth level; the fifth, inside the list, is beyond the promise
      else t.notMatch(line, 'hunter2', line)
    }
    t.match(JSON.parse(text[3] ?? '').config.b.c[name], '[hidden]')
  })
}

t.test('an episode is one line at its start and one at its end', async (t) => {
  const { clock, log, lines } = build()
  const episode = new Episode(log, clock)
  episode.over('all is well')
  t.equal(lines().length, 0)
  t.equal(episode.open, false)

  episode.fault('the disk is slow', { disk: 'a' })
  for (let n = 0; n < 3; n++) episode.fault('the disk is slow', { disk: 'a' })
  t.equal(episode.open, true)
  clock.advance(2250)
  episode.over('the disk is quick again', { disk: 'a' })
  episode.over('the disk is quick again', { disk: 'a' })
  t.equal(lines().length, 2)
  t.match(lines()[0], { level: 'warn', disk: 'a', msg: 'the disk is slow' })
  t.match(lines()[1], { level: 'info', disk: 'a', lasted: 2.25, repeats: 3, msg: 'the disk is quick again' })

  episode.fault('the disk is slow')
  t.equal(lines().length, 3, 'the next episode is told again')
})

t.test('an episode tells its cause once, and another one when that is found', async (t) => {
  const { clock, log, lines } = build()
  const episode = new Episode(log, clock)
  episode.fault('no answer')
  clock.advance(500)
  episode.fault('it is refused', { reason: 'refused' }, 'refused')
  episode.fault('it is refused again', { reason: 'refused' }, 'refused')
  episode.fault('no answer')
  episode.fault('it is silent', { reason: 'silent' }, 'silent')
  episode.over('it answers')
  t.strictSame(lines().map(({ msg }) => msg), ['no answer', 'it is refused', 'it is silent', 'it answers'])
  t.match(lines()[3], { lasted: 0.5, repeats: 2 })
  episode.fault('it is silent', {}, 'silent')
  t.equal(lines().length, 5)
})

t.test('a key stands once in a line, whoever else uses its name', async (t) => {
  const text: string[] = []
  const log = createLogger({ name: 'pvcnoded', level: 'info', clock: new ManualClock(), destination: { write: (line: string) => { text.push(line) } }, fields: { node: 'hv4' } })
  log.info({ node: 'hv3', name: 'vip', level: 9, time: 0, msg: 'no', pid: 1, hostname: 'x', epoch: 5 }, 'told')
  t.equal(text.length, 1)
  const keys = [...(text[0] ?? '').matchAll(/"(\w+)":/g)].map(([, key]) => key)
  t.same(keys, [...new Set(keys)])
  t.match(JSON.parse(text[0] ?? ''), { node: 'hv4', node_: 'hv3', name: 'pvcnoded', level: 'info', msg: 'told', epoch: 5 })
})
