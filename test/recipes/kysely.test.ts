import { Kysely, type Generated } from 'kysely'
import pg from 'pg'
import { ActingPostgresDialect } from '../../docs/recipes/kysely.ts'
import { proveRecipe } from './prove-recipe.ts'

type Database = { 'app.cv': { id: Generated<number>, user_id: number, title: string } }

proveRecipe('Kysely', ({ connectionString, max }) => {
  const pool = new pg.Pool({ connectionString, max })
  const db = new Kysely<Database>({ dialect: new ActingPostgresDialect({ pool }) })
  return {
    deleteCv: async (id, restOfTheRequest) => {
      await db.transaction().execute(async (trx) => {
        await trx.deleteFrom('app.cv').where('id', '=', id).execute()
        await restOfTheRequest()
      })
    },
    deleteCvAlone: (id) => db.deleteFrom('app.cv').where('id', '=', id).execute(),
    close: () => db.destroy(),
  }
}).test.run()
