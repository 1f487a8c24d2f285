/** `npm run docs`: writes the reference pages of docs/, and what is made for pvcctl: man page, completions. With `--check` it writes nothing and exits 1 if one is not what the code says. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { referencePages } from './reference/pages.ts'

for (const [file, text] of referencePages()) {
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is not what the code says; run npm run docs and commit it.`)
    process.exitCode = 1
  }
}
