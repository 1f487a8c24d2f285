/** How often a repeated failure is logged. */
import t from 'tap'
import { News } from '../../../src/runtime/log/news.ts'
import { ManualClock } from '../../support/manual-clock.ts'

t.test('once for each kind, and again after a while or when it had been over', async (t) => {
  const clock = new ManualClock()
  const news = new News(clock)
  t.same(['a', 'a', 'b', 'a', 'b'].map((kind) => news.has(kind)), [true, false, true, false, false])
  clock.advance(599_999)
  t.notOk(news.has('a'))
  clock.advance(1)
  t.same([news.has('a'), news.has('a')], [true, false])
  news.over()
  t.ok(news.has('a'))
})

t.test('a bounded number of kinds is remembered', async (t) => {
  const news = new News(new ManualClock())
  for (let kind = 0; kind < 150; kind++) news.has(String(kind))
  t.notOk(news.has('149'))
  t.notOk(news.has('50'))
  t.ok(news.has('49'))
})
