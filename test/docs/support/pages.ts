/** What people read: the Markdown of the repository, and the examples. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { marked, type Token, type Tokens } from 'marked'

export interface Page {
  readonly file: string
  readonly text: string
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)).filter((file) => !file.includes('node_modules') && statSync(file).isFile())

/** The Markdown at the top and in docs/, bench/ and packaging/, and every file of examples/. */
export function pages (): readonly Page[] {
  const top = readdirSync('.')
  const markdown = [...top, ...['docs', 'bench', 'packaging'].filter((folder) => top.includes(folder)).flatMap(filesIn)].filter((file) => file.endsWith('.md'))
  return [...markdown, ...filesIn('examples')].sort().map((file) => ({ file, text: readFileSync(file, 'utf8') }))
}

/** Every token of a page, those inside others included. */
function tokensOf (markdown: string): readonly Token[] {
  const all: Token[] = []
  marked.walkTokens(marked.lexer(markdown), (token) => { all.push(token) })
  return all
}

const ofType = <T extends Token>(markdown: string, type: T['type']): readonly T[] => tokensOf(markdown).filter((token) => token.type === type) as T[]

/** The `code` in running text. */
export const codeSpans = (markdown: string): readonly string[] => ofType<Tokens.Codespan>(markdown, 'codespan').map(({ text }) => text)

/** Fenced blocks, with what stands behind their opening fence. */
export const codeBlocks = (markdown: string): ReadonlyArray<{ readonly language: string, readonly text: string }> =>
  ofType<Tokens.Code>(markdown, 'code').map(({ lang = '', text }) => ({ language: lang, text }))

export const links = (markdown: string): readonly string[] => [...ofType<Tokens.Link>(markdown, 'link'), ...ofType<Tokens.Image>(markdown, 'image')].map(({ href }) => href)

export const headings = (markdown: string): readonly string[] => ofType<Tokens.Heading>(markdown, 'heading').map(({ text }) => text)
