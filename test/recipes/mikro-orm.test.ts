import { defineEntity, p } from '@mikro-orm/core'
import { MikroORM } from '@mikro-orm/postgresql'
import * as assert from 'uvu/assert'
import { acting } from '../../docs/recipes/acting.ts'
import { ActingSubscriber } from '../../docs/recipes/mikro-orm.ts'
import { as, entriesOf, makeCv, person, proveRecipe } from './prove-recipe.ts'

const Cv = defineEntity({ name: 'Cv', tableName: 'cv', schema: 'app', properties: { id: p.integer().primary() } })

const { test, withAttached } = proveRecipe('MikroORM', async ({ connectionString, max }) => {
  const orm = await MikroORM.init({ clientUrl: connectionString, pool: { max }, entities: [Cv], subscribers: [new ActingSubscriber()] })
  return {
    deleteCv: async (id, restOfTheRequest) => {
      await orm.em.fork().transactional(async (em) => {
        await em.nativeDelete(Cv, id)
        await restOfTheRequest()
      })
    },
    deleteCvAlone: (id) => orm.em.fork().nativeDelete(Cv, id),
    removeCv: async (id: number) => {
      const em = orm.em.fork()
      await em.remove(await em.findOneOrFail(Cv, id)).flush()
    },
    close: () => orm.close(),
  }
})

test('flush() opens a transaction by itself, so it is recorded with the person', () => withAttached(1, async ({ removeCv }, db) => {
  const cv = await makeCv(db)
  await acting.run(person(7), () => removeCv(cv))
  assert.equal(await entriesOf(db, cv), [as(person(7))])
}))

test.run()
