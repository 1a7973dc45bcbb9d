import { describe, expect, it } from 'vitest'
import { chooseNew } from '../../src/source/files/new-migrations.js'

const FILES = [
  '/db/V1__init.sql',
  '/db/V2__plans.sql',
  '/db/V10__seats.sql',
  '/prisma/20260101_a/migration.sql',
  '/prisma/20260102_b/migration.sql',
  '/go/0003_x.up.sql',
].map((path) => ({ path, name: path.slice(1) }))

const after = (migration: string) => chooseNew(FILES, { kind: 'after', migration }).map(({ path }) => path)

describe('the new migrations', () => {
  it.each([
    ['V2__plans.sql', 4],
    ['V2__plans', 4],
    ['/db/V2__plans.sql', 4],
    ['db/V2__plans.sql', 4],
    ['V1', 5],
    ['10', 3],
    ['20260101_a', 2],
    ['20260101_a/migration.sql', 2],
    ['0003_x', 0],
    ['0003', 0],
  ])('are those behind %s', (name, count) => {
    expect(after(name)).toEqual(FILES.slice(FILES.length - count).map(({ path }) => path))
  })

  it('are not guessed', () => {
    expect(() => after('V3')).toThrow('There is no migration «V3».')
    expect(() => after('migration.sql')).toThrow(
      'names several migrations: prisma/20260101_a/migration.sql, prisma/2026',
    )
  })

  it('are the changed ones, in the order of their tool', () => {
    const paths = ['/db/V10__seats.sql', '/db/V2__plans.sql', '/src/main.ts']
    const chosen = chooseNew(FILES, { kind: 'files', paths })
    expect(chosen.map(({ path }) => path)).toEqual(['/db/V2__plans.sql', '/db/V10__seats.sql'])
  })
})
