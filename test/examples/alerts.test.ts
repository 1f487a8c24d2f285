/** The alert rules of the examples, without promtool (`npm run campaign -- alerts` runs it): what they lead to is there, and their unit tests expect what they say. */
import { readFileSync } from 'node:fs'
import GithubSlugger from 'github-slugger'
import t from 'tap'
import { parse } from 'yaml'

interface Rule { readonly alert: string, readonly labels: Readonly<Record<string, string>>, readonly annotations: Readonly<Record<string, string>> }
interface Expected { readonly exp_labels: Readonly<Record<string, string>>, readonly exp_annotations: Readonly<Record<string, string>> }
interface UnitTest { readonly name: string, readonly alert_rule_test: ReadonlyArray<{ readonly alertname: string, readonly exp_alerts: readonly Expected[] }> }

const read = (name: string): unknown => parse(readFileSync(`examples/prometheus/${name}.yaml`, 'utf8'))
const rules = (read('pvc-alerts') as { groups: ReadonlyArray<{ rules: readonly Rule[] }> }).groups.flatMap((group) => group.rules)
const { tests } = read('pvc-alerts.test') as { tests: readonly UnitTest[] }

function anchors (page: string): ReadonlySet<string> {
  const slugger = new GithubSlugger()
  return new Set([...readFileSync(`docs/${page}`, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => slugger.slug(title)))
}

/** What a template of Prometheus becomes with these labels; actions other than labels become any text. */
function becomes (template: string, labels: Readonly<Record<string, string>>): RegExp {
  const text = template
    .replace(/\{\{ if \$labels\.(\w+) \}\}(.*?)\{\{ end \}\}/g, (_, label: string, then: string) => labels[label] === undefined ? '' : then)
    .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
  return new RegExp(`^${text.split(/\{\{[^}]*\}\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*')}$`)
}

t.test('each alert leads to a section that is there', async (t) => {
  t.ok(rules.length > 10)
  for (const { alert, annotations } of rules) {
    const [, page = '', anchor = ''] = /^https:\/\/runbooks\.example\/([\w.-]+\.md)#(.+)$/.exec(annotations['runbook_url'] ?? '') ?? []
    t.not(page, '', `${alert}: ${annotations['runbook_url'] ?? 'no runbook_url'}`)
    if (page !== '') t.ok(anchors(page).has(anchor), `${alert}: ${page}#${anchor}`)
  }
})

t.test('the unit tests expect the rules\' own labels and sentences', async (t) => {
  let expectations = 0
  for (const { name, alert_rule_test: cases } of tests) {
    for (const { alertname, exp_alerts: expected } of cases) {
      const rule = rules.find(({ alert }) => alert === alertname)
      t.ok(rule !== undefined, `${name}: ${alertname} is a rule`)
      for (const { exp_labels: labels, exp_annotations: annotations } of expected) {
        expectations += 1
        t.match(labels, rule?.labels ?? {}, `${name}: labels of ${alertname}`)
        t.strictSame(Object.keys(annotations).sort(), Object.keys(rule?.annotations ?? {}).sort(), `${name}: annotations of ${alertname}`)
        for (const [key, text] of Object.entries(annotations)) t.match(text, becomes(rule?.annotations[key] ?? '', labels), `${name}: ${key} of ${alertname}`)
      }
    }
  }
  t.ok(expectations > 5)
})
