import { markedLayout } from './marked.js'

/** Up above, down below `-- //@UNDO` (https://mybatis.org/migrations/). */
export const mybatis = markedLayout({
  name: 'mybatis',
  up: null,
  down: /^\s*--\s*\/\/\s*@UNDO\b/i,
})
