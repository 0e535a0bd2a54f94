import { DataTypes, Sequelize } from 'sequelize'
import * as assert from 'uvu/assert'
import { acting } from '../../docs/recipes/acting.ts'
import { inTransaction } from '../../docs/recipes/sequelize.ts'
import { as, entriesOf, makeCv, person, proveRecipe } from './prove-recipe.ts'

const { test, withAttached } = proveRecipe('Sequelize', ({ connectionString, max }) => {
  const sequelize = new Sequelize(connectionString, { logging: false, pool: { max } })
  const Cv = sequelize.define('cv', { id: { type: DataTypes.BIGINT, primaryKey: true }, title: DataTypes.TEXT }, { schema: 'app', tableName: 'cv', timestamps: false })
  const ParanoidCv = sequelize.define('paranoidCv', { id: { type: DataTypes.BIGINT, primaryKey: true } }, { schema: 'app', tableName: 'cv', paranoid: true, updatedAt: false, createdAt: false })
  return {
    deleteCv: async (id, restOfTheRequest) => {
      await inTransaction(sequelize, async (transaction) => {
        await Cv.destroy({ where: { id }, transaction })
        await restOfTheRequest()
      })
    },
    deleteCvAlone: (id) => Cv.destroy({ where: { id } }),
    deleteParanoidCv: (id: number) => inTransaction(sequelize, (transaction) => ParanoidCv.destroy({ where: { id }, transaction })),
    close: () => sequelize.close(),
  }
})

test('a paranoid model marks its row, which is recorded as a deletion by the person', () => withAttached(1, async ({ deleteParanoidCv }, db) => {
  await db.superuser.query('alter table app.cv add column "deletedAt" timestamptz')
  await db.superuser.query(`select audit.track('app.cv', 'cv', '{title}', company => 'user_id.company_id', owner => 'user_id', soft_delete => 'deletedAt')`)
  const cv = await makeCv(db)
  await acting.run(person(7), () => deleteParanoidCv(cv))
  assert.equal(await entriesOf(db, cv), [as(person(7))])
}))

test.run()
