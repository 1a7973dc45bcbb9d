import { arrangeBy, type Layout } from './layout.js'

/** `committed/000001.sql …`, then `current.sql` (https://github.com/graphile/migrate). */
export const graphile: Layout = {
  name: 'graphile-migrate',
  recognize: (folder) =>
    folder.files.some(({ below, text }) => /^committed\/\d+.*\.sql$/.test(below) && /^--!\s*Previous:/m.test(text()))
      ? 'committed/ with «--! Previous» headers'
      : null,
  arrange: ({ files }) =>
    arrangeBy(files, ({ below }) => {
      if (below.startsWith('committed/')) return { key: [0n, below] }
      return below === 'current.sql' || below.startsWith('current/') ? { key: [1n, below] } : 'is no migration'
    }),
}
