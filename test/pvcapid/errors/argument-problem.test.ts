/** What does not fit a schema is said in words: which argument, what it must be, and what it may be. */
import type { FastifyError, FastifySchemaValidationError } from 'fastify'
import t from 'tap'
import Type, { type TSchema } from 'typebox'
import { argumentProblem } from '../../../src/pvcapid/errors/argument-problem.ts'
import { validatorCompiler } from '../../../src/pvcapid/errors/validator.ts'
import { SwitchoverRequest } from '../../../schemas/switchover.ts'

function said (schema: TSchema, value: unknown, httpPart = 'body'): string {
  const found = validatorCompiler({ schema, httpPart, method: 'POST', url: '/' })(value) as { readonly error?: FastifySchemaValidationError[] }
  const { message } = argumentProblem({ validation: found.error ?? [], validationContext: httpPart } as unknown as FastifyError)
  return message.replace(/\.? Nothing was done; correct the request\.$/, '')
}

t.test('the fields of a switchover', async (t) => {
  const fields = 'to, from, reason, timeout, force, dry_run'
  for (const [wish, expected] of [
    [{ to: 'hv1', force: ['helth'] }, 'force/0 must be health, priority or resources'],
    [{ to: 'hv1', force: 'health' }, 'force must be an array'],
    [{ to: 'hv1', force: ['health', 'health'] }, 'force must not have the same entry twice'],
    [{ to: 'hv 1' }, 'to must be the name of a node: 1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-", with a letter or digit first'],
    [{ to: 5, dry_run: 'yes', timeout: 0 }, 'to must be a string; timeout must be at least 1; dry_run must be true or false'],
    [{ to: 'hv1', timeout: 3_601, reason: 'x'.repeat(501) }, 'reason must have at most 500 characters; timeout must be at most 3600'],
    [{ to: 'hv1', reason: '' }, 'reason must not be empty'],
    [{}, 'body must have "to" or "from"'],
    [{ reason: 'why' }, 'body must have "to" or "from"'],
    [[], 'body must be an object'],
    [{ to: 'hv1', frce: [] }, 'frce is no field here; did you mean "force"?'],
    [{ to: 'hv1', whatever: 1 }, `whatever is no field here; there are ${fields}`],
  ] as const) t.equal(said(SwitchoverRequest, wish), expected, JSON.stringify(wish).slice(0, 60))
})

t.test('other schemas', async (t) => {
  const schema = Type.Object({
    some: Type.Array(Type.String({ minLength: 2, pattern: '^a' }), { minItems: 1, maxItems: 2 }),
    count: Type.Integer({ multipleOf: 2 }),
    one: Type.Union([Type.String(), Type.Null()]),
  }, { minProperties: 1 })
  t.equal(said(schema, {}), 'body must have "some" and "count" and "one"; body must not be empty; its fields are some, count, one')
  t.equal(said(schema, { some: [], count: 2, one: null }), 'some must not be empty')
  t.equal(said(schema, { some: ['b', 'ab', 'ac'], count: 3, one: 1 }), 'some/0 must have at least 2 characters; some/0 must match pattern "^a"; some must have at most 2 entries; count must be multiple of 2; one must be a string or null')
  t.equal(said(Type.Object({ each: Type.Enum(['', 'true', 'false']) }), { each: 'yes' }, 'querystring'), 'each must be true or false')
  t.equal(said(Type.Unsafe<object>({ type: 'object', properties: { of: { enum: [1, true, null] } } }), { of: 3 }), 'of must be 1, true or null')
  t.equal(said(Type.Object({ wait: Type.Optional(Type.Number({ minimum: 0 })) }), { wait: '-1' }, 'querystring'), 'wait must be at least 0')
})
