/**
 * `npm run openapi`: writes `openapi/openapi.json`, made from the routes' own schemas. With `--check` it writes nothing and exits 1 if the
 * committed file is another. Needs no ZooKeeper.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { openapiText } from './reference/openapi-text.ts'

const FILE = 'openapi/openapi.json'
const text = await openapiText()
if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== text) {
    console.error(`${FILE} is not what the routes say; run npm run openapi and commit it.`)
    process.exitCode = 1
  }
} else {
  writeFileSync(FILE, text)
  console.log(`${FILE} is written`)
}
