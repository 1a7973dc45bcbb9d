import { arrangeBy, type Folder, type Layout } from './layout.js'

const LISTS = ['LOADORDER', 'sql_file_manifest', 'MANIFEST.txt', 'order.txt']

/** A text file lists the SQL files in order, one a line; `#` begins a remark and `!` marks a file that may fail. */
export const listed: Layout = {
  name: 'listed',
  recognize: (folder) => LISTS.find((name) => readList(folder, name).length > 0) ?? null,
  arrange(folder) {
    const list = LISTS.map((name) => readList(folder, name)).find((lines) => lines.length > 0) ?? []
    return arrangeBy(folder.files, ({ below }) => {
      const place = list.indexOf(below)
      return place < 0 ? 'is not in the list' : { key: [BigInt(place)] }
    })
  },
}

function readList(folder: Folder, name: string): readonly string[] {
  const known = new Set(folder.files.map(({ below }) => below))
  return (folder.read(name) ?? '')
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*/, '').trim().replace(/^!/, ''))
    .filter((path) => known.has(path))
}
