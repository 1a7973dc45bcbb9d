import { markedLayout } from './marked.js'

/** Up above, down below a line of its own (https://github.com/jackc/tern). */
export const tern = markedLayout({
  name: 'tern',
  up: null,
  down: /^-{4}\s*create above\s*\/\s*drop below\s*-{4}/i,
})
