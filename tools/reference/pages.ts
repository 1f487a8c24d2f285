/** What people read and a program has made: the reference pages of docs/, and what is made for pvcctl. File → text. */
import { readFileSync } from 'node:fs'
import { alertRules, conditionsPage } from './conditions.ts'
import { configurationPage } from './configuration.ts'
import { dependenciesPage } from './dependencies.ts'
import { errorsPage } from './errors.ts'
import { httpPage, type Description } from './http.ts'
import { metricsPage } from './metrics.ts'
import { pvcctlFiles } from './pvcctl.ts'

export function referencePages (): ReadonlyMap<string, string> {
  const description = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as Description
  return new Map([
    ['docs/conditions.md', conditionsPage()],
    ['examples/prometheus/pvc-alerts.yaml', alertRules(readFileSync('examples/prometheus/pvc-alerts.yaml', 'utf8'))],
    ['docs/configuration.md', configurationPage()],
    ['docs/dependencies.md', dependenciesPage()],
    ['docs/errors.md', errorsPage()],
    ['docs/http.md', httpPage(description)],
    ['docs/metrics.md', metricsPage()],
    ...pvcctlFiles(),
  ])
}
