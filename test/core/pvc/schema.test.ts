// Which versions of PVC's layout are written in.
import t from 'tap'
import { LATEST_SCHEMA, newerSchema, newerSchemaSentence, nodeSchemaOf, schemaOf } from '../../../src/core/pvc/schema.ts'

t.test('versions in znodes', async (t) => {
  t.strictSame([undefined, '', 'None', '1.5', '-1', '0', '15', ' 16\n', '9'.repeat(400)].map(schemaOf), [null, null, null, null, null, 0, 15, 16, Number.MAX_SAFE_INTEGER])
})

t.test('what a node says counts as far as PVC can have such a version', async (t) => {
  t.strictSame([undefined, '', 'None', '15', '16', '1000', '1001', '9007199254740991', '9'.repeat(23)].map(nodeSchemaOf), [null, null, null, 15, 16, 1_000, null, null, null])
})

t.test('only what is newer than every known version is in the way', async (t) => {
  t.equal(newerSchema([]), null)
  t.equal(newerSchema([null, 0, LATEST_SCHEMA]), null)
  t.equal(newerSchema([0, null, LATEST_SCHEMA + 1, LATEST_SCHEMA + 2]), LATEST_SCHEMA + 2, 'the newest')
  t.equal(newerSchemaSentence(16, 'API'), 'The cluster uses version 16 of PVC\'s layout, and this API knows versions 0 to 15: it writes nothing.')
  t.equal(newerSchemaSentence(1_001, 'API'), 'The cluster uses version 1001 of PVC\'s layout, which PVC does not have (look at /schema/version), and this API knows versions 0 to 15: it writes nothing.')
})
