/** Configuration files: every error with its place, defaults, relations. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import Type from 'typebox'
import { Settings } from 'typebox/system'
import { problemText } from '../../../src/runtime/config/config-problem.ts'
import { loadConfig, parseConfig } from '../../../src/runtime/config/yaml-config.ts'
import type { Relation } from '../../../src/runtime/config/yaml-config.ts'

const strict = { additionalProperties: false }
const schema = Type.Object({
  name: Type.String({ description: 'What it is called.', minLength: 1, maxLength: 5 }),
  low: Type.Number({ default: 1, minimum: 0, unit: 's' }),
  high: Type.Number({ default: 2, maximum: 100, exclusiveMinimum: 0 }),
  whole: Type.Optional(Type.Integer()),
  flag: Type.Optional(Type.Boolean()),
  colour: Type.Optional(Type.Enum(['red', 'green'])),
  key: Type.Optional(Type.String({ pattern: '^[a-f]+$', form: 'letters from a to f', secret: true })),
  code: Type.Optional(Type.String({ pattern: '^[a-f]+$' })),
  nested: Type.Object({ depth: Type.Integer({ default: 7 }) }, { ...strict, default: {} }),
  list: Type.Array(Type.Union([
    Type.Object({ type: Type.Literal('box'), size: Type.Integer({ default: 4 }) }, strict),
    Type.Object({ type: Type.Literal('ball'), round: Type.Boolean() }, strict),
  ], { discriminator: 'type' }), { default: [], minItems: 0 }),
}, strict)

interface Pair { readonly low: number, readonly high: number }
const relations: ReadonlyArray<Relation<Pair>> = [
  { reads: ['low', 'high'], rule: 'high is more than low.', judge: ({ low, high }) => low < high ? [] : [{ path: 'high', message: `high (${high}) must be more than low (${low}).` }] },
  { reads: ['low'], rule: 'low is low.', judge: ({ low }) => low <= 50 ? [] : [{ path: 'low', severity: 'warning', message: `low (${low}) is not low.` }] },
]

const parse = (text: string) => parseConfig(text, 'x.yaml', schema, relations)
const problems = (text: string) => parse(text).problems.map(problemText)

t.test('defaults are filled in, also in sections that are left out and in variants', async (t) => {
  const result = parse('name: a\nlist:\n  - type: box\n  - {type: ball, round: true}\n')
  t.same(result.problems, [])
  t.same(result.ok && result.value, { name: 'a', low: 1, high: 2, nested: { depth: 7 }, list: [{ type: 'box', size: 4 }, { type: 'ball', round: true }] })
})

t.test('what is found elsewhere has the place of its setting, if the file has that', async (t) => {
  const result = parse('name: a\nlist:\n  - type: box\n    size: 5\n')
  if (!result.ok) throw new Error('it is good')
  const shown = (path: string) => problemText(result.placed({ code: 'config_host', severity: 'warning', file: 'x.yaml', line: 0, column: 0, path, message: 'It is not there.' }))
  t.equal(shown('name'), 'x.yaml:1:1: warning: name: It is not there.')
  t.equal(shown('list[0].size'), 'x.yaml:4:5: warning: list[0].size: It is not there.')
  t.equal(shown('list[0]'), 'x.yaml:3:5: warning: list[0]: It is not there.')
  t.equal(shown('nested.depth'), 'x.yaml: warning: nested.depth: It is not there.', 'a default')
  t.equal(shown(''), 'x.yaml: warning: It is not there.')
})

t.test('a default is not shared between two loads', async (t) => {
  const one = parse('name: a\n')
  if (one.ok) one.value.list.push({ type: 'box', size: 1 })
  const two = parse('name: a\n')
  t.same(two.ok && two.value.list, [])
})

for (const [name, text, expected] of [
  ['an unknown setting near a known one', 'name: a\nnested:\n  deepth: 3\n', ['x.yaml:3:3: nested.deepth: There is no setting "deepth" here; did you mean "depth"?']],
  ['an unknown setting near none', 'name: a\nnested: {zzzzzz: 3}\n', ['x.yaml:2:10: nested.zzzzzz: There is no setting "zzzzzz" here; the settings are depth.']],
  ['a missing setting', 'low: 1\n', ['x.yaml:1:1: name: This setting is missing: What it is called.']],
  ['an empty file', '', ['x.yaml:1:1: name: This file is empty, or holds nothing but comments. This setting is missing: What it is called.']],
  ['a file that is no mapping', '- a\n', ['x.yaml:1:1: It must be a mapping (name: value); it is a list.']],
  ['a wrong type', 'name: 3\nlow: x\nwhole: 1.5\nflag: yes\nnested: []\nlist: {}\n', [
    'x.yaml:1:1: name: It must be text; it is 3.',
    'x.yaml:2:1: low: It must be a number of seconds, without a unit; it is "x".',
    'x.yaml:3:1: whole: It must be a whole number; it is 1.5.',
    'x.yaml:4:1: flag: It must be true or false; it is "yes".',
    'x.yaml:5:1: nested: It must be a mapping (name: value); it is a list.',
    'x.yaml:6:1: list: It must be a list; it is a mapping.',
  ]],
  ['a text in the place of a list', 'name: a\nlist: "hv1,hv2, hv3  hv4,"\n', ['x.yaml:2:1: list: It must be a list, such as ["hv1","hv2","hv3","hv4"]; it is "hv1,hv2, hv3  hv4,".']],
  ['an empty section', 'name: a\nnested:\n', ['x.yaml:2:1: nested: It must be a mapping (name: value); it is empty.']],
  ['a number out of bounds, with its unit', 'name: a\nlow: -1\nhigh: 101\n', ['x.yaml:2:1: low: It must be at least 0 s; it is -1.', 'x.yaml:3:1: high: It must be at most 100; it is 101.']],
  ['a number at an excluded bound', 'name: a\nlow: 0\nhigh: 0\n', ['x.yaml:3:1: high: It must be more than 0; it is 0.']],
  ['a text too short or too long', 'name: ""\n', ['x.yaml:1:1: name: The text must not be empty.']],
  ['a text too long', 'name: abcdef\n', ['x.yaml:1:1: name: The text must have at most 5 characters; it is "abcdef".']],
  ['none of the choices', 'name: a\ncolour: blue\n', ['x.yaml:2:1: colour: It must be one of red, green; it is "blue".']],
  ['the wrong form, in words or as the pattern; a secret is not repeated', 'name: a\nkey: xyz\ncode: xyz\n', ['x.yaml:2:1: key: It must be letters from a to f.', 'x.yaml:3:1: code: It must be text that matches ^[a-f]+$; it is "xyz".']],
  ['an unknown, a missing and a misplaced variant', 'name: a\nlist:\n  - type: cube\n  - size: 3\n  - 4\n', [
    'x.yaml:3:5: list[0].type: It must be one of box, ball; it is "cube".',
    'x.yaml:4:5: list[1].type: This setting is missing.',
    'x.yaml:5:5: list[2]: It must be a mapping (name: value); it is 4.',
  ]],
  ['a setting of another variant', 'name: a\nlist:\n  - type: box\n    round: true\n', ['x.yaml:4:5: list[0].round: There is no setting "round" here; the settings are type, size.']],
  ['a relation, with both numbers', 'name: a\nlow: 5\nhigh: 3\n', ['x.yaml:3:1: high: high (3) must be more than low (5).']],
  ['a relation about a setting that is not in the file', 'name: a\nlow: 5\n', ['x.yaml:2:1: high: high (2) must be more than low (5).']],
  ['a relation is judged although something else is wrong', 'low: 5\nhigh: 3\nnoise: 1\nname: a\n', ['x.yaml:2:1: high: high (3) must be more than low (5).', 'x.yaml:3:1: noise: There is no setting "noise" here; the settings are name, low, high, whole, flag, colour, key, code, nested, list.']],
  ['a relation is not judged if what it reads is wrong', 'name: a\nlow: x\nhigh: 3\n', ['x.yaml:2:1: low: It must be a number of seconds, without a unit; it is "x".']],
  ['duplicate keys', 'name: a\nlow: 1\nname: b\n', ['x.yaml:3:1: This is not valid YAML: Map keys must be unique.']],
  ['a file without settings', '# name: a\n\n', ['x.yaml:1:1: name: This file is empty, or holds nothing but comments. This setting is missing: What it is called.']],
  ['no space after a colon', 'name: a\nnested:\n  inner:1\n', ['x.yaml:2:1: nested: It must be a mapping (name: value), with a space after each colon; it is "inner:1".']],
  ['a bracket that is missing, once', 'name: a\nlist:\n  - {type: box, size: 1\n  - {type: ball, round: true}\n  }\nlow: 1\n', ['x.yaml:4:3: This is not valid YAML: A { before this place has no }, or what is between them is indented too little.']],
  ['no space after a colon, before a list', 'name: a\nlist:[a]\n', ['x.yaml:2:6: This is not valid YAML: A space is missing after the colon of "list".']],
  ['no space after a hyphen', 'name: a\nlist:\n  -type: box\n  - type: box\n', ['x.yaml:3:4: This is not valid YAML: A space is missing after the hyphen.']],
  ['no space after any hyphen, which is a text', 'name: a\nlist:\n  -a\n  -b\n', ['x.yaml:2:1: list: It must be a list, with a space after each hyphen; it is "-a -b".']],
  ['a line that is indented too deeply', 'name: a\n low: 1\n', ['x.yaml:2:2: This is not valid YAML: This line is indented deeper than line 1, which has its value already. Give both the same indentation.']],
  ['one in an item of a list', 'name: a\nlist:\n  # type\n  - type: box\n     size: 1\n', ['x.yaml:5:6: This is not valid YAML: This line is indented deeper than line 4, which has its value already. Give both the same indentation.']],
  ['a tab', 'name: a\nnested:\n\tinner: 1\n', ['x.yaml:3:1: This is not valid YAML: A tab stands in the indentation. YAML takes only spaces there.']],
  ['another mistake behind a text of several lines', 'name: |\n  a:b\n   -c\nlow: [1\nhigh: 2\n', ['x.yaml:5:1: This is not valid YAML: A [ before this place has no ], or what is between them is indented too little.']],
  ['a number with a unit', 'name: a\nlow: 5s\n', ['x.yaml:2:1: low: It must be a number of seconds, without a unit; it is "5s".']],
  ['two documents', 'name: a\n---\nname: b\n', ['x.yaml:2:1: This file holds more than one document: a line `---` ends the first. Leave one, without `---` behind it.']],
  ['a value through an alias', 'name: a\nlow: &x 7\nhigh: *x\n', ['x.yaml:3:1: high: high (7) must be more than low (7).']],
] as Array<[string, string, string[]]>) {
  t.test(name, async (t) => {
    t.same(problems(text), expected)
    t.equal(parse(text).ok, false)
  })
}

t.test('broken YAML says where', async (t) => {
  for (const text of ['name: [a\nlow: 1\n', 'name: "a\n', 'name: a\n\tlow: 1\n', 'a: !odd 1\n', 'name: *nobody\n']) {
    const result = parse(text)
    t.equal(result.ok, false)
    t.match(result.problems[0], { code: 'config_syntax', file: 'x.yaml', line: Number, message: /^This is not valid YAML: .*\.$/ })
    t.ok((result.problems[0]?.line ?? 0) > 0, text)
  }
})

t.test('a warning does not keep the value back', async (t) => {
  const result = parse('name: a\nlow: 60\nhigh: 70\n')
  t.equal(result.ok && result.value.low, 60)
  t.same(result.problems.map(problemText), ['x.yaml:2:1: warning: low: low (60) is not low.'])
})

t.test('every error is reported, however many, and TypeBox is left as it was', async (t) => {
  const before = Settings.Get().maxErrors
  t.equal(problems(`name: a\n${Array.from({ length: 200 }, (_, n) => `unknown_${n}: 1\n`).join('')}`).length, 200)
  t.equal(Settings.Get().maxErrors, before)
})

t.test('files: read, missing, no file at all, not readable', async (t) => {
  const folder = t.testdir({ 'good.yaml': 'name: a\n', 'closed.yaml': 'name: a\n' })
  const load = (name: string) => loadConfig(join(folder, name), schema, relations)
  t.equal(load('good.yaml').ok, true)
  t.same(load('none.yaml').problems.map(problemText), [`${join(folder, 'none.yaml')}: This file does not exist. Put the configuration there, or name another file with --config at the start.`])
  t.same(load('.').problems.map(problemText), [`${folder}: This file is a directory, not a regular file. Put the configuration there, or name another file with --config at the start.`])
  t.equal(load('none.yaml').problems[0]?.code, 'config_unreadable')
  if (process.getuid?.() !== 0) {
    chmodSync(join(folder, 'closed.yaml'), 0)
    t.match(load('closed.yaml').problems[0]?.message, new RegExp(`may not be read by this user\\. As root, .*: chgrp ${process.getgid?.() ?? 0} '.*closed\\.yaml' && chmod g\\+r '.*closed\\.yaml'; each folder above it has to let that group pass \\(chmod g\\+x\\)\\.$`))
  }
})
