import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeFiles } from '../../src/cli/write-files.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-write-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const tree = (path: string) => readdirSync(path, { recursive: true, encoding: 'utf8' }).toSorted()

describe('files', () => {
  it('are written whole, in folders that are made for them, and an index is replaced', () => {
    writeFileSync(join(folder, 'plan'), 'old\n')
    writeFiles([
      { path: join(folder, 'a/b/1.sql'), text: 'one' },
      { path: join(folder, 'plan'), text: 'old\nnew\n', replaces: 'old\n' },
    ])
    expect(tree(folder)).toEqual(['a', 'a/b', 'a/b/1.sql', 'plan'])
    expect(readFileSync(join(folder, 'a/b/1.sql'), 'utf8')).toBe('one')
    expect(readFileSync(join(folder, 'plan'), 'utf8')).toBe('old\nnew\n')
  })

  it('are all left alone when one exists, or the index is not what it was', () => {
    writeFileSync(join(folder, '2.sql'), 'mine')
    writeFileSync(join(folder, 'plan'), 'changed\n')
    const one = { path: join(folder, 'new/1.sql'), text: 'one' }
    expect(() => writeFiles([one, { path: join(folder, '2.sql'), text: 'two' }])).toThrow(/2\.sql exists already/)
    expect(() => writeFiles([one, { path: join(folder, 'plan'), text: 'x', replaces: 'old\n' }])).toThrow(
      /plan has changed meanwhile/,
    )
    expect(tree(folder)).toEqual(['2.sql', 'plan'])
    expect(readFileSync(join(folder, '2.sql'), 'utf8')).toBe('mine')
  })

  const mounts = process.getuid?.() === 0 && spawnSync('sh', ['-c', 'command -v mount']).status === 0
  it.skipIf(!mounts)('leave nothing behind on a full disk', () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0) return
    try {
      writeFileSync(join(disk, 'plan'), 'old\n')
      const large = 'x'.repeat(40_000)
      const files = [1, 2, 3].map((number) => ({ path: join(disk, `m/${number}.sql`), text: large }))
      const index = { path: join(disk, 'plan'), text: 'old\nnew\n', replaces: 'old\n' }
      expect(() => writeFiles([...files, index])).toThrow(/m\/2\.sql cannot be written: the disk is full/)
      expect(tree(disk)).toEqual(['plan'])
      expect(readFileSync(join(disk, 'plan'), 'utf8')).toBe('old\n')
    } finally {
      execFileSync('umount', [disk])
    }
  })
})
