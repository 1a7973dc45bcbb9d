import { markedLayout } from './marked.js'

/** `# --- !Ups` and `# --- !Downs` of Play evolutions, also with `--` comments (https://www.playframework.com/documentation/latest/Evolutions). */
export const play = markedLayout({
  name: 'play',
  up: /^\s*(?:#|--)[\s-]*!Ups\b/i,
  down: /^\s*(?:#|--)[\s-]*!Downs\b/i,
})
