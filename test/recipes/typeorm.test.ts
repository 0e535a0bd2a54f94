import { DataSource, EntitySchema } from 'typeorm'
import * as assert from 'uvu/assert'
import { acting } from '../../docs/recipes/acting.ts'
import { ActingSubscriber } from '../../docs/recipes/typeorm.ts'
import { as, entriesOf, makeCv, person, proveRecipe } from './prove-recipe.ts'

class Cv { declare id: number }
const cvSchema = new EntitySchema<Cv>({ name: 'cv', target: Cv, schema: 'app', columns: { id: { type: 'bigint', primary: true } } })

const { test, withAttached } = proveRecipe('TypeORM', async ({ connectionString, max }) => {
  const dataSource = new DataSource({ type: 'postgres', url: connectionString, poolSize: max, entities: [cvSchema], subscribers: [ActingSubscriber] })
  await dataSource.initialize()
  return {
    deleteCv: async (id, restOfTheRequest) => {
      await dataSource.transaction(async (manager) => {
        await manager.delete(Cv, id)
        await restOfTheRequest()
      })
    },
    deleteCvAlone: (id) => dataSource.getRepository(Cv).delete(id),
    removeCv: async (id: number) => {
      const repository = dataSource.getRepository(Cv)
      await repository.remove(await repository.findOneByOrFail({ id }))
    },
    close: () => dataSource.destroy(),
  }
})

test('remove() opens a transaction by itself, so it is recorded with the person', () => withAttached(1, async ({ removeCv }, db) => {
  const cv = await makeCv(db)
  await acting.run(person(7), () => removeCv(cv))
  assert.equal(await entriesOf(db, cv), [as(person(7))])
}))

test.run()
