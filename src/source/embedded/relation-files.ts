import { closeSync, existsSync, openSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of a page of the embedded server. */
export const PAGE = 8192
/** Pages of one file of a relation; what is longer goes on in `<file>.1`, `<file>.2` …. */
const PAGES_PER_FILE = 2 ** 30 / PAGE

/**
 * Gives a relation's files the length of so many pages, without writing any: the planner asks the files, not the catalog.
 * `path` is `pg_relation_filepath`. Pages that are taken away are lost.
 */
export function resizeRelation(folder: string, path: string, pages: number): void {
  const file = join(folder, path)
  for (let segment = 1; existsSync(`${file}.${segment}`); segment++) truncateSync(`${file}.${segment}`, 0)
  if (pages === 0) truncateSync(file, 0)
  for (let segment = 0; segment * PAGES_PER_FILE < pages; segment++) {
    const name = segment === 0 ? file : `${file}.${segment}`
    if (!existsSync(name)) closeSync(openSync(name, 'w', 0o600))
    truncateSync(name, Math.min(pages - segment * PAGES_PER_FILE, PAGES_PER_FILE) * PAGE)
  }
}

/**
 * Puts an empty tree with so many levels above its leaf into the file of an empty B-tree, since the planner counts them, and
 * may look for the first and last entry. The pages' checksums are wrong: the server must run with
 * `ignore_checksum_failure`, and must not have read the index before.
 */
export function plantTree(folder: string, path: string, levels: number): void {
  if (levels === 0) return
  const file = openSync(join(folder, path), 'r+')
  try {
    for (let level = levels; level >= 0; level--)
      writeSync(file, treePage(levels, level), 0, PAGE, PAGE * (levels - level + 1))
    writeSync(file, rootPointer(levels), 0, 16, BTM_ROOT)
  } finally {
    closeSync(file)
  }
}

/** `btm_root`, `btm_level`, `btm_fastroot`, `btm_fastlevel` of the metapage, behind page header, magic number and version. */
const BTM_ROOT = 24 + 8
const ROOT_BLOCK = 1

function rootPointer(levels: number): Buffer {
  const pointer = Buffer.alloc(16)
  for (const [at, value] of [ROOT_BLOCK, levels, ROOT_BLOCK, levels].entries()) pointer.writeUInt32LE(value, at * 4)
  return pointer
}

const HEADER = 24
const SPECIAL = PAGE - 16
const LAYOUT_VERSION = 4
const BTP_LEAF = 1
const BTP_ROOT = 2
const LP_NORMAL = 1
/** `t_info` of a tuple without attributes: INDEX_ALT_TID_MASK and its length. */
const DOWNLINK = { length: 8, info: 0x2000 | 8 }

/** The only page of its level: a leaf without entries, or one link to the page below. https://www.postgresql.org/docs/current/storage-page-layout.html */
function treePage(levels: number, level: number): Buffer {
  const page = Buffer.alloc(PAGE)
  const isLeaf = level === 0
  const upper = isLeaf ? SPECIAL : SPECIAL - DOWNLINK.length
  page.writeUInt16LE(isLeaf ? HEADER : HEADER + 4, 12)
  page.writeUInt16LE(upper, 14)
  page.writeUInt16LE(SPECIAL, 16)
  page.writeUInt16LE(PAGE | LAYOUT_VERSION, 18)
  if (!isLeaf) {
    page.writeUInt32LE((upper | (LP_NORMAL << 15) | (DOWNLINK.length << 17)) >>> 0, HEADER)
    page.writeUInt16LE(ROOT_BLOCK + (levels - level) + 1, upper + 2)
    page.writeUInt16LE(DOWNLINK.info, upper + 6)
  }
  page.writeUInt32LE(level, SPECIAL + 8)
  page.writeUInt16LE((isLeaf ? BTP_LEAF : 0) | (level === levels ? BTP_ROOT : 0), SPECIAL + 12)
  return page
}
