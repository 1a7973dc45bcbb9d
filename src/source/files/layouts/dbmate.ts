import { markedLayout } from './marked.js'

/** `-- migrate:up` and `-- migrate:down` (https://github.com/amacneil/dbmate). */
export const dbmate = markedLayout({
  name: 'dbmate',
  up: /^\s*--\s*migrate:up\b/i,
  down: /^\s*--\s*migrate:down\b/i,
})
