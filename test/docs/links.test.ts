/**
 * Every link within the repository leads to a file that is there and a heading that it has. Those to the outside are only looked at for their form: a
 * test must not depend on what others serve.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import GithubSlugger from 'github-slugger'
import t from 'tap'
import { headings, links, pages } from './support/pages.ts'

/** Why a link of `file` leads nowhere; null if it does not. */
function fault (file: string, href: string): string | null {
  if (/^[a-z]+:/.test(href)) return URL.canParse(href) && href.startsWith('https://') ? null : 'is no https address'
  const [path = '', anchor] = href.split('#')
  const target = path === '' ? file : normalize(join(dirname(file), path))
  if (target.startsWith('..')) return 'leads out of the repository'
  if (!existsSync(target)) return `leads to ${target}, which is not there`
  if (anchor === undefined) return null
  if (statSync(target).isDirectory() || !target.endsWith('.md')) return 'names a heading of what has none'
  const slugger = new GithubSlugger()
  const anchors = headings(readFileSync(target, 'utf8')).map((heading) => slugger.slug(heading))
  return anchors.includes(anchor) ? null : `names a heading that ${target} does not have`
}

t.test('every link leads somewhere', async (t) => {
  let checked = 0
  for (const { file, text } of pages().filter(({ file }) => file.endsWith('.md'))) {
    for (const href of links(text)) {
      checked++
      const why = fault(file, href)
      t.ok(why === null, `${file}: ${href} ${why ?? ''}`)
    }
  }
  t.ok(checked > 20, `${checked} links`)
})

t.test('one that leads nowhere is found', async (t) => {
  t.equal(fault('docs/design.md', 'guarantees.md#not-promised'), null)
  for (const href of ['nowhere.md', 'guarantees.md#nowhere', '../../README.md', 'http://example.org', '../package.json#x']) t.ok(fault('docs/design.md', href) !== null, href)
})
