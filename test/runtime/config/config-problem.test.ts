/** Problems of a configuration as people read them. */
import t from 'tap'
import { nearest, pathSegments, pathText, problemText, reportProblems, verdict } from '../../../src/runtime/config/config-problem.ts'
import type { ConfigProblem } from '../../../src/runtime/config/config-problem.ts'

const problem: ConfigProblem = { code: 'config_invalid', severity: 'error', file: 'a.yaml', line: 3, column: 5, path: 'pvc.node', message: 'It must be text.' }

t.test('a problem is one line with place, setting and sentence', async (t) => {
  t.equal(problemText(problem), 'a.yaml:3:5: pvc.node: It must be text.')
  t.equal(problemText({ ...problem, severity: 'warning' }), 'a.yaml:3:5: warning: pvc.node: It must be text.')
  t.equal(problemText({ ...problem, line: 0, column: 0, path: '' }), 'a.yaml: It must be text.')
})

t.test('errors call for exit code 78, warnings and nothing for 0', async (t) => {
  const text: string[] = []
  const write = (line: string) => { text.push(line) }
  t.equal(reportProblems([{ ...problem, severity: 'warning' }], write), 0)
  t.equal(reportProblems([{ ...problem, severity: 'warning' }, problem], write), 78)
  t.equal(reportProblems([], write), 0)
  t.equal(text.length, 3)
  t.equal(text[2], 'a.yaml:3:5: pvc.node: It must be text.\n')
})

t.test('--check ends with what it comes to', async (t) => {
  const warning: ConfigProblem = { ...problem, severity: 'warning' }
  t.equal(verdict('a.yaml', []), 'a.yaml: good')
  t.equal(verdict('a.yaml', [], true), 'a.yaml: good')
  t.equal(verdict('a.yaml', [warning]), 'a.yaml: can be used, with a warning')
  t.equal(verdict('a.yaml', [warning, warning]), 'a.yaml: can be used, with 2 warnings')
  t.equal(verdict('a.yaml', [warning, warning], true), 'a.yaml: refused by --strict, with 2 warnings')
  t.equal(verdict('a.yaml', [problem]), 'a.yaml: cannot be used: an error')
  t.equal(verdict('a.yaml', [problem, warning, problem], true), 'a.yaml: cannot be used: 2 errors and a warning')
})

t.test('paths are written as people write them', async (t) => {
  const path = ['pvc', 'coordinator', 'resources', 0, 'name']
  t.equal(pathText(path), 'pvc.coordinator.resources[0].name')
  t.same(pathSegments('pvc.coordinator.resources[0].name'), path)
})

t.test('the nearest word is offered only if it is near', async (t) => {
  const known = ['listen_port', 'listen_address', 'ssl']
  t.equal(nearest('listen_prot', known), 'listen_port')
  t.equal(nearest('Listen_Port', known), 'listen_port')
  t.equal(nearest('form', ['to', 'from', 'reason', 'timeout']), 'from', 'two letters in each other\'s place are one mistake')
  t.equal(nearest('mofr', ['from']), undefined)
  t.equal(nearest('tls', known), undefined)
  t.equal(nearest('sl', known), 'ssl')
  t.equal(nearest('database', known), undefined)
})
