/** The shape of the sources: files and folders within their bounds, and none of the words that docs/glossary.md retires. */
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t from 'tap'

const LONGEST_FILE = 400
const FULLEST_FOLDER = 16

/** Every file of the project that is its own text; without git, as in an unpacked archive, there is nothing to list. */
const listed = (() => {
  try {
    return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' }).split('\n').filter((file) => file !== '' && existsSync(file) && !lstatSync(file).isSymbolicLink())
  } catch {
    return null
  }
})()
/** What a program writes may be long. */
const isMade = (file: string) => readFileSync(file, 'utf8').startsWith('/* Made by npm run docs ')
const files = listed ?? execFileSync('find', ['src', 'routes', 'schemas', 'proof', 'tools', 'test', 'bench', 'docs', '-type', 'f'], { encoding: 'utf8' }).trim().split('\n')
const sources = files.filter((file) => /\.(ts|mjs)$/.test(file) && !isMade(file))

t.test('files are short', async (t) => {
  for (const file of sources) {
    const lines = readFileSync(file, 'utf8').split('\n').length - 1
    t.ok(lines <= LONGEST_FILE, `${file}: ${lines} lines`)
  }
})

t.test('folders are small', async (t) => {
  const folders = new Map<string, number>()
  for (const file of sources.filter((file) => !file.endsWith('.test.ts') && !file.endsWith('.campaign.ts'))) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1)
  for (const [folder, count] of folders) t.ok(count <= FULLEST_FOLDER, `${folder}: ${count} files`)
})

/** The retired words stand in backquotes in the first column of the glossary's last table. */
const retired = readFileSync('docs/glossary.md', 'utf8').split('## Words that are not used')[1]?.split('\n')
  .flatMap((line) => [...(/^\| (`[^|]+) \|/.exec(line)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)) ?? []

/** As a word of prose, or as part of a name: `let go`, `letGo`, `let_go`. */
const pattern = new RegExp(retired.map((word) => `(?<![a-z])${word.replaceAll(' ', '[ _-]?')}(?![a-z])`).join('|'), 'i')

t.test('retired words', async (t) => {
  t.ok(retired.length > 10)
  t.match('a watch is set anew', pattern)
  t.match('const hasLetGo = true', /letgo/i)
  const prose = files.filter((file) => /\.(ts|mjs|md|sh|js|html|css|example)$/.test(file) && !/^(docs\/glossary\.md|test\/structure\.test\.ts)$/.test(file))
  for (const file of prose) {
    const found = readFileSync(file, 'utf8').split('\n').flatMap((line, index) => pattern.test(line) ? [`${index + 1}: ${line.trim()}`] : [])
    t.strictSame(found, [], file)
  }
})

t.test('every campaign has its files', async (t) => {
  const lists = [...readFileSync('tools/campaign.mjs', 'utf8').matchAll(/files: \[([^\]]*)\]/g)].map(([, list = '']) => [...list.matchAll(/'([^']+)'/g)].map(([, name = '']) => name))
  t.ok(lists.length > 10)
  for (const name of lists.flat()) {
    const file = `test/${name.endsWith('.js') ? name.replace(/\.js$/, '.ts') : `${name}.campaign.ts`}`
    t.ok(existsSync(file), file)
  }
})
