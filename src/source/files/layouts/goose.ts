import { markedLayout } from './marked.js'

/** `-- +goose Up` and `-- +goose Down` (https://pressly.github.io/goose/documentation/annotations/). */
export const goose = markedLayout({
  name: 'goose',
  up: /^\s*--\s*\+goose\s+up\b/i,
  down: /^\s*--\s*\+goose\s+down\b/i,
})
