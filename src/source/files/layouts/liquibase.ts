import { arrangeBy, blankOut, type Folder, type Layout, naturalKey } from './layout.js'

const HEADER = /^\s*--\s*liquibase\s+formatted\s+sql/im
const CHANGESET = /^[ \t]*--\s*changeset\s+.*$/gim
const CHANGELOG = ['xml', 'yaml', 'yml', 'json'].flatMap((ending) =>
  ['db.changelog-master', 'changelog-master', 'changelog', 'master', 'db.changelog'].flatMap((name) => [
    `${name}.${ending}`,
    `../${name}.${ending}`,
  ]),
)

/** Formatted SQL: change sets for other databases are left out; order as in the master changelog, else by name (https://docs.liquibase.com). */
export const liquibase: Layout = {
  name: 'liquibase',
  recognize({ files }) {
    const formatted = files.filter((file) => HEADER.test(file.text())).length
    return formatted > 0 && formatted * 2 >= files.length ? `${formatted} files of formatted SQL` : null
  },
  arrange(folder) {
    const order = readChangelog(folder)
    return arrangeBy(folder.files, (file) => {
      const listed = order.findIndex((path) => path.endsWith(`/${file.below}`) || path === file.below)
      const place = listed < 0 ? BigInt(order.length) : BigInt(listed)
      return { key: [place, ...naturalKey(file.below)], text: withoutOtherDatabases(file.text()) }
    })
  },
}

function withoutOtherDatabases(text: string): string {
  const starts = [...text.matchAll(CHANGESET)]
  return starts.reduceRight((result, found, index) => {
    const databases = /\bdbms:\s*"?([\w!,\s]+?)"?(?:\s+\w+:|$)/i.exec(found[0])?.[1]?.toLowerCase()
    if (!databases || isForPostgres(databases.split(',').map((name) => name.trim()))) return result
    const end = starts[index + 1]?.index ?? result.length
    return result.slice(0, found.index) + blankOut(result.slice(found.index, end)) + result.slice(end)
  }, text)
}

function isForPostgres(databases: readonly string[]): boolean {
  if (databases.includes('!postgresql')) return false
  return databases.some(
    (name) => name === 'postgresql' || name === 'all' || (name.startsWith('!') && name !== '!postgresql'),
  )
}

function readChangelog(folder: Folder): readonly string[] {
  const path = CHANGELOG.find((name) => folder.has(name))
  const text = path ? (folder.read(path) ?? '') : ''
  return [...text.matchAll(/[\w./-]+\.sql\b/g)].map(([name]) => name.replace(/^\.\//, ''))
}
