/** What the log says of conditions: each beginning and each end once, and no more than the limits however often a condition comes and goes. */
import t from 'tap'
import { condition, type Condition } from '../../../src/core/conditions/condition.ts'
import { ConditionLog } from '../../../src/pvcapid/services/faults/condition-log.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

interface Line { readonly level: string, readonly msg: string, readonly event: string, readonly condition?: string, readonly times?: number, readonly lasted?: number }

function logOf () {
  const clock = new ManualClock()
  const lines: Line[] = []
  let listener: (conditions: readonly Condition[]) => void = () => {}
  const view = {
    onConditions (given: typeof listener) {
      listener = given
      return { [Symbol.dispose]: () => { listener = () => {} } }
    },
  }
  const made = new ConditionLog({ view, clock, log: createLogger({ name: 'pvcapid', level: 'info', clock, destination: { write: (line: string) => { lines.push(JSON.parse(line) as Line) } } }) })
  return {
    clock,
    made,
    show: (...conditions: readonly Condition[]) => listener(conditions),
    /** The lines since the last call. */
    said: () => lines.splice(0),
    texts: () => lines.splice(0).map(({ level, msg }) => `${level} ${msg}`),
  }
}

const dead = condition('node_dead', 'fig is judged dead.', { node: 'fig', since: '2026-01-01T00:00:00.000Z' })
const low = (health: number) => condition('node_health_low', `The health of fig is ${health} %.`, { node: 'fig' })
const maintenance = condition('maintenance', 'The cluster is in maintenance mode.')

t.test('each begins at the level of its severity and ends at info, once', async (t) => {
  const { clock, show, said, texts } = logOf()
  show(dead, low(50), maintenance)
  t.match(said(), [
    { level: 'error', msg: 'condition began: fig is judged dead.', event: 'condition_began', condition: 'node_dead', severity: 'critical', node: 'fig', resource: null, fault: dead.fault, since: dead.since, advice: dead.advice },
    { level: 'warn', msg: 'condition began: The health of fig is 50 %.', condition: 'node_health_low', severity: 'warning', node: 'fig' },
    { level: 'info', msg: 'condition began: The cluster is in maintenance mode.', condition: 'maintenance', severity: 'info', node: null },
  ])
  show(dead, low(40), maintenance)
  t.strictSame(said(), [], 'another sentence is not another condition')
  clock.advance(2_500)
  show(maintenance)
  t.match(said(), [
    { level: 'info', msg: 'condition ended: fig is judged dead.', event: 'condition_ended', condition: 'node_dead', node: 'fig', lasted: 2.5 },
    { level: 'info', msg: 'condition ended: The health of fig is 40 %.', event: 'condition_ended', lasted: 2.5 },
  ], 'as it was last')
  show(maintenance, condition('node_dead', 'quince is judged dead.', { node: 'quince' }))
  t.strictSame(texts(), ['error condition began: quince is judged dead.'], 'of another node it is another condition')
})

t.test('one that becomes more severe is logged again, and ends once', async (t) => {
  const { show, said, texts } = logOf()
  const away = (severity: 'warning' | 'critical') => condition('node_unreachable', 'fig is out of contact with ZooKeeper, and was run.', { node: 'fig' }, severity)
  show(away('warning'))
  show(away('critical'))
  t.match(said(), [{ level: 'warn', event: 'condition_began' }, { level: 'error', event: 'condition_worsened', severity: 'critical', msg: 'condition became critical: fig is out of contact with ZooKeeper, and was run.' }])
  show(away('warning'))
  t.strictSame(said(), [], 'less severe is no news')
  show()
  t.strictSame(texts(), ['info condition ended: fig is out of contact with ZooKeeper, and was run.'])
})

t.test('one that comes and goes is logged ten times, then counted', async (t) => {
  const { clock, show, said, texts } = logOf()
  for (let round = 0; round < 100; round++) {
    show(dead)
    show()
  }
  t.equal(said().length, 20)
  show(dead)
  show(dead, maintenance)
  t.strictSame(texts(), ['info condition began: The cluster is in maintenance mode.'], 'another one is logged as ever')
  clock.advance(600_000)
  t.match(said(), [
    { level: 'error', event: 'condition_repeated', condition: 'node_dead', times: 91, msg: 'condition began 91 more times within ten minutes: fig is judged dead.' },
    { level: 'error', event: 'condition_began', condition: 'node_dead', msg: 'condition began: fig is judged dead.' },
  ], 'and that it is so now')
  show(maintenance)
  t.strictSame(texts(), ['info condition ended: fig is judged dead.'])
  clock.advance(600_000)
  t.strictSame(said(), [])
  t.equal(clock.running, 0, 'nothing runs while there is nothing to count')
})

t.test('all together have a limit', async (t) => {
  const { clock, made, show, said } = logOf()
  const many = Array.from({ length: 800 }, (_, index) => condition('node_stopped', `hv${index} is stopped.`, { node: `hv${index}` }))
  show(...many)
  t.equal(said().length, 500)
  clock.advance(600_000)
  const [sum, ...rest] = said()
  t.match(sum, { level: 'warn', event: 'conditions_omitted', times: 300, msg: '300 more conditions began within ten minutes than are logged; GET /api/v1/status has those that are there now' })
  t.equal(rest.length, 300, 'those that last follow')
  show()
  t.equal(said().filter(({ event }) => event === 'condition_ended').length, 800)
  for (let round = 0; round < 11; round++) {
    show(dead)
    show()
  }
  said()
  made[Symbol.dispose]()
  t.match(said(), [{ event: 'condition_repeated', times: 1 }], 'what is counted is logged at the end')
  show(dead)
  t.strictSame(said(), [])
  t.equal(clock.running, 0)
})
