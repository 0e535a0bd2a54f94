import * as z from 'zod/mini'

/** The question of a list as it can be asked outside of the screens: over GraphQL, in a shell, in psql. */
export const listQuestion = z.object({
  graphql: z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()) }),
  curl: z.string(),
  sql: z.string(),
})
export type ListQuestion = z.infer<typeof listQuestion>
