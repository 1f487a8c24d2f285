/** The small parts, each by itself. */
import { fastify, LogController } from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import Type from 'typebox'
import { ApiError } from '../../src/pvcapid/errors/errors.ts'
import { namePattern } from '../../src/pvcapid/services/name-pattern.ts'
import { parseForm } from '../../src/pvcapid/plugins/forms.ts'
import { expectedEpoch } from '../../src/pvcapid/services/primary-service.ts'
import { requestLogs } from '../../src/pvcapid/http/request-log.ts'
import { stateArgument } from '../../src/pvcapid/services/switchover/state-argument.ts'
import { validatorCompiler } from '../../src/pvcapid/errors/validator.ts'
import { Waiters } from '../../src/pvcapid/services/waiters.ts'
import { apiInterest } from '../../src/projection/api-interest.ts'
import { SECRET_NODE_KEYS } from '../../src/cluster/layout.ts'
import { ManualClock } from '../support/manual-clock.ts'

t.test('waiters', async (t) => {
  const clock = new ManualClock()
  const waiters = new Waiters({ clock, limit: 3 })
  let value: string | null = null
  let asked = 0
  const check = () => {
    asked += 1
    return value
  }
  const client = {
    leave: () => {},
    identity: 'a client',
    keyFault: () => null,
    isOver: () => false,
    onceOver (listener: () => void): Disposable {
      client.leave = listener
      return { [Symbol.dispose]: () => { client.leave = () => t.fail('a client is not forgotten') } }
    },
    onceGone: () => ({ [Symbol.dispose]: () => {} }),
  }
  const mine = waiters.until('primary', 1_000, undefined, check)
  const left = waiters.until('primary', 1_000, client, check)
  const late = waiters.until('switchover/7', 1_000, undefined, check)
  t.equal(waiters.size, 3)
  await t.rejects(waiters.until('primary', 1_000, undefined, check), { code: 'too_many_waiting', status: 503 })
  asked = 0
  waiters.wake('switchover/8')
  t.equal(asked, 0, 'nobody is woken for another object')
  waiters.wake('primary')
  t.equal(asked, 2)
  client.leave()
  t.equal(await left, null)
  value = 'fig'
  waiters.wake('primary')
  t.equal(await mine, 'fig')
  value = null
  clock.advance(1_000)
  t.equal(await late, null)
  t.strictSame([waiters.size, clock.running], [0, 0], 'nothing is left behind')
  t.equal(await waiters.until('primary', 0, undefined, check), null)
  const last = waiters.until('primary', 1_000, undefined, check)
  waiters.end()
  t.equal(await last, null)
  t.equal(await waiters.until('primary', 1_000, undefined, check), null, 'nobody waits from now on')
  t.strictSame([waiters.size, clock.running], [0, 0])
})

t.test('a request has a log of its own once it logs', async (t) => {
  const lines: Array<Record<string, unknown>> = []
  let children = 0
  const log = pino({ level: 'info', onChild: () => { children += 1 } }, { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } })
  const app = fastify({ loggerInstance: requestLogs(log), logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }), genReqId: () => 'fig' })
  t.teardown(async () => await app.close())
  app.get('/silent', () => '')
  app.get('/said', (request) => {
    request.log.info('said')
    request.log.debug('said in detail')
    return ''
  })
  await app.inject('/silent')
  t.equal(children, 0, 'none is made that nobody needs')
  await app.inject('/said')
  t.strictSame([children, lines.map(({ msg, request_id: id }) => [msg, id])], [1, [['said', 'fig']]])
  app.log.info('ours')
  log.level = 'debug'
  lines.length = 0
  await app.inject('/said')
  t.strictSame(lines.map(({ msg }) => msg), ['said', 'said in detail'], 'with the level that the log has by then')
})

t.test('name patterns', async (t) => {
  const fits = (limit: string, ...names: string[]) => names.filter(namePattern(limit))
  t.strictSame(fits('v1', 'hv1', 'hv10', 'hv2'), ['hv1', 'hv10'])
  t.strictSame(fits('^hv1', 'hv1', 'hv10', 'xhv1'), ['hv1', 'hv10'])
  t.strictSame(fits('v1$', 'hv1', 'hv10'), ['hv1'])
  t.strictSame(fits('^v1$', 'hv1'), [])
  for (const limit of ['[', '(', '(?=a)', '(a)\\1', 'a{2000}']) t.throws(() => namePattern(limit), { code: 'pattern_invalid', status: 400 }, limit)
  const slow = namePattern('^(a+)+$')
  const begun = performance.now()
  t.notOk(slow(`${'a'.repeat(64)}!`))
  t.ok(performance.now() - begun < 1_000, 'a pattern cannot hold the process up')
})

t.test('forms and the argument state', async (t) => {
  t.strictSame({ ...parseForm('state=primary&x=1&x=2&y') }, { state: 'primary', x: ['1', '2'], y: '' })
  t.equal(Object.getPrototypeOf(parseForm('__proto__=x')), Object.prototype, 'a field cannot be a prototype')
  const words = ['on', 'off'] as const
  t.equal(stateArgument(words, [{ state: 'on' }, undefined]), 'on')
  t.equal(stateArgument(words, [{}, { state: 'off' }]), 'off')
  const caught = (sources: readonly unknown[]) => {
    try {
      stateArgument(words, sources)
    } catch (error) {
      return error instanceof ApiError ? [error.code, typeof error.options.message] : error
    }
    return null
  }
  t.strictSame(caught([{}, null]), ['state_invalid', 'object'])
  t.strictSame(caught([{ state: 'ON' }]), ['state_invalid', 'object'])
  t.strictSame(caught([{ state: ['on', 'on'] }]), ['state_repeated', 'undefined'])
  t.strictSame(caught([{ state: 'on' }, { state: 'on' }]), ['state_repeated', 'undefined'])
  t.strictSame(caught([Object.create({ state: 'on' })]), ['state_invalid', 'object'], 'nothing is inherited')
})

t.test('numbers come from text only where they are plainly numbers', async (t) => {
  const schema = Type.Object({ wait: Type.Optional(Type.Number({ minimum: 0 })), name: Type.Optional(Type.String()) }, { additionalProperties: false })
  const query = validatorCompiler({ schema, method: 'GET', url: '/', httpPart: 'querystring' })
  const body = validatorCompiler({ schema, method: 'POST', url: '/', httpPart: 'body' })
  t.strictSame(query({ wait: '1.5', name: '7' }), { value: { wait: 1.5, name: '7' } })
  for (const wait of ['', ' 1', '1e3', '0x1', 'true', 'NaN', ['1', '2'], '-1']) t.match(query({ wait }), { error: [{ instancePath: '/wait' }] }, String(wait))
  t.match(query({ wiat: '1' }), { error: [{}] })
  t.match(body({ wait: '1.5' }), { error: [{ instancePath: '/wait' }] }, 'a body is taken as it is')
})

t.test('If-Match', async (t) => {
  t.strictSame([undefined, '*', '"7.1"', '"7.0"', '7', ' "7" '].map((header) => expectedEpoch(header, 5)), [null, null, 7, 7, 7, 7])
  t.equal(expectedEpoch(',"7.1",', 5), 7, 'empty elements of a list are ignored')
  t.strictSame([7, 8, 9, null].map((present) => expectedEpoch('"x", "7.1" , "8.0", W/"9.0"', present)), [7, 8, 8, 8], 'of a list the present one, or else one that was or will be')
  t.strictSame(['', 'x', '"7.2"', '"7', '-1', '7.5', '"7.1", 8', ',', '"x", "y"', 'W/"7.0"', 'W/7', '07', '"07.1"'].map((header) => expectedEpoch(header, 7)).filter((epoch) => epoch !== undefined), [])
})

t.test('what is watched', async (t) => {
  for (const key of SECRET_NODE_KEYS) t.strictSame(apiInterest(`/nodes/fig/${key}`), { data: false, children: false }, key)
  t.strictSame(apiInterest('/nodes/fig/keepalive'), { data: true, children: false }, 'for the metrics')
  t.strictSame(apiInterest('/nodes/fig/pvcversions'), { data: false, children: false })
  t.strictSame(apiInterest('/nodes/fig/cpuload'), { data: true, children: false })
  t.strictSame(apiInterest('/nodes/fig/monitoring_data'), { data: false, children: true })
  t.strictSame(apiInterest('/nodes/fig/monitoring_data/disk'), { data: false, children: true })
  t.strictSame(apiInterest('/nodes/fig/monitoring_data/disk/data'), { data: true, children: false })
  t.strictSame(apiInterest('/nodes/fig/monitoring_data/disk/runtime'), { data: false, children: false })
  t.strictSame(apiInterest('/nodes/bad name/cpuload'), { data: false, children: false })
  t.strictSame(apiInterest('/logs/fig'), { data: false, children: false })
  t.strictSame(apiInterest('/domains/u/state'), { data: true, children: false })
  t.strictSame(apiInterest('/domains/u/xml'), { data: false, children: false })
  t.strictSame(apiInterest('/faults/f/delta'), { data: true, children: false })
})
