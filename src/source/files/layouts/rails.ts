import { arrangeBy, type Layout } from './layout.js'

/** `structure.sql` is the sum of the Ruby migrations beside it (https://guides.rubyonrails.org/active_record_migrations.html#schema-dumping-and-you). */
export const rails: Layout = {
  name: 'rails',
  recognize: (folder) =>
    folder.files.some(({ below }) => below === 'structure.sql') &&
    (folder.has('migrate') || folder.has('../config/application.rb'))
      ? 'structure.sql beside migrate/'
      : null,
  arrange: ({ files }) =>
    arrangeBy(files, ({ below }) => (below === 'structure.sql' ? { key: [] } : 'is part of structure.sql already')),
}
