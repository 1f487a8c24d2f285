// Epochs: the number of one write of the key, whatever happens to the key.
import t from 'tap'
import { epochOf, epochOfName, keyOf, ledgerFor, parseLedger, recordName } from '../../../src/core/model/epoch.ts'
import { key } from '../../support/scenario/builders.ts'

t.test('base plus version, and nothing for a life of the key that the ledger does not know', async (t) => {
  t.equal(epochOf(key('hv1', 4), { czxid: 'a', base: 7 }), 11)
  t.equal(epochOf(key('hv1', 4), { czxid: 'b', base: 7 }), null)
  t.equal(epochOf(key('hv1', 4), null), null)
})

t.test('the key as read', async (t) => {
  t.strictSame(keyOf({ data: 'hv1', version: 3, czxid: 'a', mzxid: 'b', modified: '', owner: '' }), { value: 'hv1', version: 3, czxid: 'a', mzxid: 'b' })
})

t.test('the ledger of a new life begins past the newest epoch', async (t) => {
  for (const [version, newest, base] of [[5, null, 0], [0, 7, 8], [2, 7, 6], [20, 7, 0]] as const) {
    t.strictSame(ledgerFor(key('hv1', version), newest), { czxid: 'a', base }, `version ${version}, newest ${newest}`)
    t.ok(newest === null || base + version > newest)
  }
})

t.test('ledgers as text', async (t) => {
  t.strictSame(parseLedger('{"czxid":"a","base":3}'), { czxid: 'a', base: 3 })
  for (const text of [undefined, null, '', 'oops', '[]', '{}', '{"czxid":"a"}', '{"czxid":"a","base":-1}', '{"czxid":1,"base":1}', '{"czxid":"a","base":1.5}']) {
    t.equal(parseLedger(text), null, String(text))
  }
})

t.test('names of records', async (t) => {
  t.equal(recordName(12), '0000000012')
  t.equal(epochOfName('0000000012'), 12)
  for (const name of ['12', '00000000012', 'x000000012', '-000000001']) t.equal(epochOfName(name), null, name)
})
