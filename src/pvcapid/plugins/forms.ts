/** Bodies in `application/x-www-form-urlencoded`, for the routes that PVC's clients use. A field that is repeated becomes an array. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

export function parseForm (text: string): Record<string, string | string[]> {
  const fields = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(text)) fields.set(name, [...fields.get(name) ?? [], value])
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] as string : values]))
}

async function forms (app: FastifyInstance): Promise<void> {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, parseForm(String(body)))
  })
}

export default fp(forms, { name: 'forms' })
