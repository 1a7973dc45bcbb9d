import { arrangeBy, type Folder, type Layout } from './layout.js'

const JOURNAL = 'meta/_journal.json'

/** The order of `meta/_journal.json`, or folders with `migration.sql` and `snapshot.json` (https://orm.drizzle.team/docs/migrations). */
export const drizzle: Layout = {
  name: 'drizzle',
  recognize(folder) {
    const journal = readJournal(folder)
    const listed = folder.files.filter(({ below }) => journal?.has(below.replace(/\.sql$/, ''))).length
    if (journal) return listed * 2 >= folder.files.length ? JOURNAL : null
    const found = folder.files.filter(({ below }) => /^[^/]+\/migration\.sql$/.test(below))
    return found.some(({ below }) => folder.has(below.replace('migration.sql', 'snapshot.json')))
      ? 'folders with snapshot.json'
      : null
  },
  arrange(folder) {
    const order = readJournal(folder)
    return arrangeBy(folder.files, ({ below, name }) => {
      if (!order) return name === 'migration.sql' ? { key: [below] } : 'is no migration.sql'
      const place = order.get(below.replace(/\.sql$/, ''))
      return place === undefined ? 'is not in the journal' : { key: [BigInt(place)] }
    })
  },
}

function readJournal(folder: Folder): ReadonlyMap<string, number> | null {
  try {
    const { entries } = JSON.parse(folder.read(JOURNAL) ?? '') as { entries: { idx: number; tag: string }[] }
    return new Map(entries.toSorted((a, b) => a.idx - b.idx).map(({ tag }, index) => [tag, index]))
  } catch {
    return null
  }
}
