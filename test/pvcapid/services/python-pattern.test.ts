/** Patterns in Python's dialect: an accepted pattern matches as in Python, and a refusal names its cause. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { namePattern } from '../../../src/pvcapid/services/name-pattern.ts'
import { translatedPattern } from '../../../src/pvcapid/services/python-pattern.ts'

const SEED = Number(process.env['PATTERN_SEED'] ?? 20_260_101)
const names = ['hv1', 'hv2', 'hv10', 'HV1', 'a', 'aa', 'ab', 'aab', 'abb', 'b', 'x-1.y', 'node_01']

/** Pattern by pattern, the names that Python's `re` matches; null for a pattern that it refuses. */
function asPython (patterns: readonly string[]): ReadonlyArray<readonly string[] | null> {
  const program = `
import json, re, sys, warnings
warnings.simplefilter("ignore")
patterns, names = json.load(sys.stdin)
def found(limit):
    front = "" if re.match(r"\\^.*", limit) else ".*"
    back = "" if re.match(r".*\\$", limit) else ".*"
    # Flags stand at the beginning alone.
    flags = re.match(r"(\\(\\?[aimsux]+\\))*", limit).group(0)
    try:
        whole = re.compile(flags + front + limit[len(flags):] + back)
    except (re.error, OverflowError):
        return None
    return [name for name in names if whole.fullmatch(name)]
print(json.dumps([found(limit) for limit in patterns]))
`
  return JSON.parse(execFileSync('python3', ['-c', program], { input: JSON.stringify([patterns, names]), encoding: 'utf8' })) as Array<readonly string[] | null>
}

/** The names that this API matches; null for a pattern that it refuses. */
function asHere (limit: string): readonly string[] | null {
  try {
    return names.filter(namePattern(limit))
  } catch {
    return null
  }
}

t.test('what Python has words of its own for', async (t) => {
  const patterns = [
    'hv1\\Z', '^hv\\d\\Z', '\\Ahv1$', 'hv\\d++$', '^hv\\d++', '^a*+b', '^a++b$', '^[ab]++\\Z', 'hv\\d{1,2}+$', '^(?:a++|b)b', '^(a++b)$', '^(?>hv)', '^hv(?>1|10)', '^a{,1}b', '^a{,}b{,}$', '(?i)hv1$', '(?a)hv1', '(?x) h v 1 $ # one',
    '(?P<name>hv)1', 'h(?#why)v1', 'h(?#why)*v1', '[[:alpha:]]', '[]a]b', '[^]a]$', '\\x68v1', '\\u0068v1', '\\150v', '[\\150]v', '[\\b1]$', '\\bhv', 'a{b', '{', 'hv1|a$', '(?i:HV)2', '\\.y$', '^x\\-1', 'a++.*$', '^a++.*', '^hv\\d?+$', '(?-i:hv)1', '(?>hv)1', '^(?>h)v1', '(?:hv)++1', '^(?:hv)?+1',
  ]
  const python = asPython(patterns)
  for (const [index, limit] of patterns.entries()) t.strictSame(asHere(limit), python[index], limit)
})

t.test('what takes more than linear time is refused as that', async (t) => {
  for (const [limit, what] of [
    ['^(?=hv)', /look-ahead `\(\?=` at character 2 cannot be matched in linear time/], ['(?!a)', /look-ahead `\(\?!`/], ['(?<=a)b', /look-behind `\(\?<=`/], ['(?<!a)b', /look-behind/], ['(a)\\1', /back-reference `\\1` at character 4/],
    ['(?P<n>a)(?P=n)', /back-reference/], ['(a)?(?(1)b|c)', /condition/], ['a++ab', /possessive quantifier at character 2/], ['(ab)++a', /possessive/], ['(a|ab)++c', /possessive/], ['(?:hv)++[h-j]', /possessive/], ['(?:a++)+b', /possessive/], ['a++(b)', /possessive/], ['(?>a|ab)b', /atomic group/], ['(?>a*)$', /atomic group/], ['(?i)a++A', /possessive/],
    ['a++a?b', /possessive/], ['a*+.*b', /possessive/],
  ] as const) t.throws(() => namePattern(limit), { code: 'pattern_invalid', status: 400, message: what }, limit)
  for (const limit of ['[', '[a', '(', ')', 'a{2000}', '\\', '\\Qa', '\\z', '\\pL', '(?U)a', '(?x:a)', '(?<n>a)', '*', '(?i)+b', '(?i){2}a', 'a(?s)?']) t.throws(() => namePattern(limit), { code: 'pattern_invalid', status: 400, message: /^limit / }, limit)
})

t.test('whatever is accepted gives what Python gives', async (t) => {
  const part = fc.constantFrom('a', 'b', 'h', 'v', '1', '\\d', '\\w', '[ab]', '[^a]', '[0-9]', '.', '(', '(?:', '(?>', ')', '|', '*', '+', '?', '++', '*+', '?+', '{1,2}', '{,1}', '{2}+', '$', '\\Z', '^', '(?i)', '\\b', '-', '\\.')
  const patterns = fc.sample(fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join('')), { numRuns: 20_000, seed: SEED })
  const python = asPython(patterns)
  let compared = 0
  for (const [index, limit] of patterns.entries()) {
    const [here, there] = [asHere(limit), python[index]]
    // A pattern that Python does not take may be taken here: flags that are not at the beginning, and quantifiers in a row.
    if (here === null || there == null) continue
    compared += 1
    if (JSON.stringify(here) !== JSON.stringify(there)) t.strictSame(here, there, limit)
  }
  t.ok(compared > 1_000, `${compared} patterns, seed ${SEED}`)
})

t.test('groups that match in one way alone give nothing back that could be used', async (t) => {
  for (const [python, own] of [['(?>hv)1', '(?:hv)1'], ['(?>h)v1', '(?:h)v1'], ['(?>a)$', '(?:a)$'], ['(?:hv)++1', '(?:hv)+1'], ['(?:hv)?+1', '(?:hv)?1'], ['(ab)++c', '(?:ab)+c'], ['(?>hv)*1', '(?:hv)*1']] as const) t.equal(translatedPattern(python), own)
})

t.test('a refusal has its true reason', async (t) => {
  for (const [pattern, reason] of [
    ['\\N{LATIN SMALL LETTER H}', /given by its Unicode name/], ['a{100000}', /larger than 1000/], ['a{1,1001}', /larger than 1000/], ['(?P<1a>h)', /name that is none/], ['(?P<>h)', /name that is none/],
    ['(?L)hv', /patterns of bytes/], ['(?L:hv)', /patterns of bytes/], ['HV(?i)1', /have to stand at its start/], ['^(?i)hv', /have to stand at its start/], ['(?:hv)++h', /may change what fits/], ['(?>h|hv)1', /may change what fits/],
  ] as const) t.throws(() => translatedPattern(pattern), { message: reason }, pattern)
  for (const pattern of ['(?P<a1>h)', '(?i)(?s)HV', '(?#c)(?i)hv', '(?i:HV)1', 'a{1000}']) t.doesNotThrow(() => translatedPattern(pattern), pattern)
})
