import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { bigint, pgSchema, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { sayWhoActs } from '../../docs/recipes/drizzle.ts'
import { proveRecipe } from './prove-recipe.ts'

const cv = pgSchema('app').table('cv', { id: bigint({ mode: 'number' }).primaryKey(), title: text().notNull() })

proveRecipe('Drizzle', ({ connectionString, max }) => {
  const pool = new pg.Pool({ connectionString, max })
  const db = drizzle(pool)
  sayWhoActs(db)
  return {
    deleteCv: async (id, restOfTheRequest) => {
      await db.transaction(async (tx) => {
        await tx.delete(cv).where(eq(cv.id, id))
        await restOfTheRequest()
      })
    },
    deleteCvAlone: (id) => db.delete(cv).where(eq(cv.id, id)),
    close: () => pool.end(),
  }
}).test.run()
