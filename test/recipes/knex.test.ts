import makeKnex from 'knex'
import { inTransaction } from '../../docs/recipes/knex.ts'
import { proveRecipe } from './prove-recipe.ts'

proveRecipe('Knex', ({ connectionString, max }) => {
  const knex = makeKnex({ client: 'pg', connection: connectionString, pool: { min: 0, max } })
  return {
    deleteCv: async (id, restOfTheRequest) => {
      await inTransaction(knex, async (trx) => {
        await trx('app.cv').where({ id }).delete()
        await restOfTheRequest()
      })
    },
    deleteCvAlone: (id) => knex('app.cv').where({ id }).delete(),
    close: () => knex.destroy(),
  }
}).test.run()
