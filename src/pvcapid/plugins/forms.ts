/**
 * Bodies in `application/x-www-form-urlencoded`, for the routes that PVC's clients use. A field that is repeated becomes an array. The time it takes
 * is proportional to the length; a form has at most `FIELDS` fields.
 */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError } from '../errors/errors.ts'

/** Far more than any route takes. */
const FIELDS = 100

export function parseForm (text: string): Record<string, string | string[]> {
  let count = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) count += 1
  if (count >= FIELDS) throw new ApiError('malformed_request', `The form has more than ${FIELDS} fields. Nothing was done; send \`state\` alone.`)
  const fields = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] as string : values]))
}

async function forms (app: FastifyInstance): Promise<void> {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseForm(String(body)))
    } catch (error) {
      done(error as Error)
    }
  })
}

export default fp(forms, { name: 'forms' })
