import { arrangeBy, type Layout } from './layout.js'

const MIGRATION = /^([^/]+)\/migration\.sql$/

/** A folder a migration with `migration.sql`, in name order (https://www.prisma.io/docs/orm/prisma-migrate). */
export const prisma: Layout = {
  name: 'prisma',
  recognize(folder) {
    const found = folder.files.filter(({ below }) => MIGRATION.test(below))
    if (found.length === 0 || found.some(({ below }) => folder.has(below.replace('migration.sql', 'snapshot.json'))))
      return null
    return folder.has('migration_lock.toml') ? 'migration_lock.toml' : `${found.length} folders with migration.sql`
  },
  arrange: ({ files }) =>
    arrangeBy(files, ({ below }) => {
      const name = MIGRATION.exec(below)?.[1]
      return name === undefined ? 'is no migration.sql' : { key: [name] }
    }),
}
