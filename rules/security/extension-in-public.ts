import { rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Install extensions in a schema of their own.',
    why: 'An extension’s functions and types stand among the application’s own, come along where the schema is exposed by an API, and are in the way when the schema is dropped or moved.',
    bad: 'create extension citext schema public;',
    good: 'create schema extensions; create extension citext schema extensions;',
    unless: 'The extension cannot be moved, as PostGIS cannot.',
    references: ['https://www.postgresql.org/docs/current/sql-createextension.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const extension of catalog.extensions)
      if (extension.schema === 'public' && !extension.name.startsWith('postgis')) yield { on: extension, facts: {} }
  },

  message: ({ on }) => `The extension ${on} is installed in the schema public.`,
})
