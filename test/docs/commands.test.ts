/** Every command of the pages is marked as run or not run; `npm run campaign -- commands` runs them. */
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { commandPages, commandsOf } from './support/commands.ts'
import { codeBlocks, pages } from './support/pages.ts'

const here = commandPages.filter((file) => existsSync(file))

t.test('every block of commands is marked', async (t) => {
  for (const file of here) {
    const commands = commandsOf(file)
    const languages = codeBlocks(readFileSync(file, 'utf8')).map(({ language }) => language)
    t.equal(commands.length, languages.filter((language) => language === 'sh').length, `${file}: ${commands.length} blocks`)
    t.notOk(languages.some((language) => ['bash', 'shell', 'console'].includes(language)), `${file}: commands are marked as sh`)
  }
  t.ok(here.includes('README.md'))
})

/** Measurements: their commands take hours, and are what they are about. */
const measured = (file: string) => file.startsWith('bench/') || file === 'docs/scale.md'

t.test('no other page has commands', async (t) => {
  for (const { file, text } of pages().filter(({ file }) => file.endsWith('.md') && !here.includes(file as never) && !measured(file))) {
    t.notOk(codeBlocks(text).some(({ language }) => language === 'sh'), file)
  }
})

t.test('what a mark means', async (t) => {
  const block = (comment: string) => commandsOf('f', `text\n${comment}\n   \`\`\`sh\n   a\n     b\n   \`\`\`\n`)
  t.strictSame(block('<!-- run -->'), [{ at: 'f:3', text: 'a\n  b\n', notRun: null, says: null, endless: false }])
  t.strictSame(block('<!-- not run: why -->'), [{ at: 'f:3', text: 'a\n  b\n', notRun: 'why', says: null, endless: false }])
  t.strictSame(block('<!-- run: says /x/m until it does -->'), [{ at: 'f:3', text: 'a\n  b\n', notRun: null, says: /x/m, endless: true }])
  for (const comment of ['', '<!-- perhaps -->', '<!-- not run -->', '<!-- run: twice -->']) t.throws(() => block(comment), /needs <!-- run -->/, comment)
})
