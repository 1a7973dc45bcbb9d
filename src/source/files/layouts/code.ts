import { arrangeBy, type FolderFile, type Layout, versionOf } from './layout.js'
import { upPartForNodePgMigrate } from './node-pg-migrate.js'

const OTHER_DATABASE = /\bengine\s*=\s*(?:innodb|myisam)\b|\bauto_increment\b|\\`\w+\\`/i

/** A tool whose migrations are code; the SQL in their calls is read, nothing is run. */
export function codeLayout({
  name,
  tells,
  readsSql = false,
}: {
  readonly name: string
  /** What only this tool's migrations say. */
  readonly tells: RegExp
  /** Files of SQL stand among them. */
  readonly readsSql?: boolean
}): Layout {
  const isMigration = (file: FolderFile) => /\bup\b/.test(file.text()) && tells.test(file.text())
  return {
    name,
    recognize({ code }) {
      const direct = code.filter(({ below }) => !below.includes('/'))
      const found = direct.filter(isMigration).length
      return found > 0 && found * 2 >= direct.length ? `${found} files of ${name} code` : null
    },
    arrange({ files, code }) {
      const foreign = code.filter((file) => OTHER_DATABASE.test(file.text()))
      return arrangeBy([...files, ...code], (file) => {
        if (foreign.length * 2 > code.length) return 'is for another database: MySQL'
        const key = [versionOf(file.name.replace(/^Migration/, ''))]
        if (!code.includes(file)) {
          if (file.below.includes('/') || !readsSql) return 'is read where the code names it'
          return { key, text: upPartForNodePgMigrate(file.text()) }
        }
        if (file.below.includes('/')) return 'lies in a sub-folder'
        return isMigration(file) ? { key } : 'is no migration'
      })
    },
    down: (file, { code }) =>
      code.some(({ path }) => path === file.path)
        ? /\bdown\b/.test(file.text())
          ? { path: file.path, text: file.text() }
          : null
        : undefined,
  }
}

export const typeorm = codeLayout({ name: 'typeorm', tells: /\bMigrationInterface\b|\bqueryRunner\b/ })
export const mikroOrm = codeLayout({ name: 'mikro-orm', tells: /['"]@mikro-orm\/migrations/ })
export const sequelize = codeLayout({ name: 'sequelize', tells: /\bqueryInterface\b/i })
export const nodePgMigrateCode = codeLayout({
  name: 'node-pg-migrate',
  tells: /\bpgm\b|\bMigrationBuilder\b/,
  readsSql: true,
})
export const kysely = codeLayout({ name: 'kysely', tells: /['"]kysely['"]/ })
export const dbMigrate = codeLayout({ name: 'db-migrate', tells: /\bdb\s*\.\s*runSql\b|\bdbmigrate\b/ })
export const knex = codeLayout({ name: 'knex', tells: /\bknex\b/i })
