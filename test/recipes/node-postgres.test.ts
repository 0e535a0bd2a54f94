import pg from 'pg'
import { inTransaction } from '../../docs/recipes/node-postgres.ts'
import { proveRecipe } from './prove-recipe.ts'

proveRecipe('node-postgres', ({ connectionString, max }) => {
  const pool = new pg.Pool({ connectionString, max })
  return {
    deleteCv: async (id, restOfTheRequest) => {
      await inTransaction(pool, async (client) => {
        await client.query('delete from app.cv where id = $1', [id])
        await restOfTheRequest()
      })
    },
    deleteCvAlone: (id) => pool.query('delete from app.cv where id = $1', [id]),
    close: () => pool.end(),
  }
}).test.run()
