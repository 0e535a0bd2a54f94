import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { environment } from './config.ts'

const variable = z.object({
  type: z.string().optional(), enum: z.array(z.string()).optional(), format: z.string().optional(), pattern: z.string().optional(),
  minimum: z.number().optional(), maximum: z.number().optional(), default: z.unknown().optional(), description: z.string(),
})

/** The text of docs/configuration.md, made from the schema of the environment. `npm run configuration` writes it. */
export function configurationDocument(): string {
  const schema = z.object({ properties: z.record(z.string(), variable) }).parse(z.toJSONSchema(environment, { io: 'input', unrepresentable: 'any' }))
  const rows = Object.entries(schema.properties).map(([name, { description, ...rest }]) =>
    `| \`${name}\` | ${typeInWords(rest)} | ${rest.default === undefined ? '' : `\`${String(rest.default)}\``} | ${description} |`)
  return `# Configuration

<!-- Written by: npm run configuration. Do not edit; edit server/config.ts. -->

Everything is an environment variable, checked at the start: one error lists everything that is wrong, and the server ends with exit code 1.

| variable | type | default | meaning |
|---|---|---|---|
${rows.join('\n')}
`
}

function typeInWords({ type, enum: values, format, minimum, maximum }: Omit<z.infer<typeof variable>, 'description'>): string {
  if (values !== undefined) return values.join(', ')
  if (minimum !== undefined && maximum !== undefined) return `whole number, ${minimum} to ${maximum}`
  return format === 'uri' ? 'URL' : (type ?? 'text').replace('string', 'text')
}

if (import.meta.main) await writeFile(new URL('../docs/configuration.md', import.meta.url), configurationDocument())
