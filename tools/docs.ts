/** `npm run docs`: writes the reference pages of docs/, and what is made for pvcctl: types, man page, completions. With `--check` it writes nothing and exits 1 if one is not what the code says. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { API_TYPES, apiTypes } from './reference/api-types.ts'
import { referencePages } from './reference/pages.ts'

for (const [file, text] of [...referencePages(), [API_TYPES, await apiTypes(readFileSync('openapi/openapi.json', 'utf8'))] as const]) {
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is not what the code says; run npm run docs and commit it.`)
    process.exitCode = 1
  }
}
