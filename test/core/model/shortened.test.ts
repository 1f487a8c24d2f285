// What is cut keeps the beginning and the end.
import t from 'tap'
import { condition } from '../../../src/core/conditions/condition.ts'
import { publishedBrokenFences } from '../../../src/core/model/fence-probe.ts'
import { memberOf } from '../../../src/core/model/member.ts'
import { publishedReadiness } from '../../../src/core/model/readiness.ts'
import { shortened } from '../../../src/core/model/shortened.ts'
import { faultTexts } from '../../../src/core/pvc/fault.ts'

t.test('the beginning and the end, no longer than allowed, and no character in halves', async (t) => {
  t.equal(shortened('short', 5), 'short')
  t.equal(shortened('abcdefghijklmnop', 11), 'ab … klmnop')
  const words = 'the resource floating-address-1 could not be acquired because the device eth0 has no carrier'
  for (let most = 40; most < words.length; most++) {
    const pieces = shortened(words, most).split(' … ')
    t.ok(pieces.join(' … ').length <= most)
    for (const piece of pieces) for (const word of piece.split(' ')) if (!words.split(' ').includes(word)) t.fail(`${most}: "${word}" is part of a word`)
  }
  const cut = shortened('😀'.repeat(50), 20)
  t.ok(cut.length <= 20)
  t.equal(Buffer.from(cut).toString(), cut, 'well-formed')
})

t.test('wherever a sentence with the words of a command is shortened', async (t) => {
  const message = `The probe command exited with 1: ${'trying again / '.repeat(150)}the certificate has expired.`
  const since = '2026-01-01T00:00:00.000Z'
  const presence = JSON.stringify({ stands_back: { until: since, why: message } })
  const places = {
    'a fence that would fail': publishedBrokenFences([{ node: 'hv2', message, since }])[0]?.message,
    'a resource that could not be acquired': publishedReadiness({ unready: [{ resource: 'ip', message, since }], interval: 1 }).unready[0]?.message,
    'a condition': condition('fence_probe', message, { node: 'hv2' }).message,
    'a fault': faultTexts({ kind: 'fence_probe', node: 'hv2', detail: message }, since).message,
    'why a node backs off': memberOf('hv1', (child) => child === 'presence' ? { data: presence, version: 1, czxid: '1', mzxid: '1', modified: '', owner: '5' } : undefined, true).presence?.backoff?.why,
  }
  for (const [where, text] of Object.entries(places)) {
    t.match(text, /exited with 1: .* … .*the certificate has expired\.$/, where)
    t.ok((text?.length ?? 0) <= 500, where)
  }
})
