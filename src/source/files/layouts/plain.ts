import { arrangeBy, databaseOf, downFile, type Folder, type FolderFile, type Layout, naturalKey } from './layout.js'

const REMOVES =
  /(?:^|[-_./])(?:drop|uninstall|rollback|revert|undo|teardown|downgrade|destroy)|^(?:Drop|Truncate|Delete)[A-Z]|[-_.](?:down|undo)\.sql$/
const DOWN = /[-_.](?:down|undo|rollback)\.sql$/i
const HOLDS_DATA = /(?:^|[^a-z])(?:data|seeds?|inserts?|fixtures?|samples?)(?:[^a-z]|$)/i
const FOR_TESTS = /(?:^|\/)(?:tests?|t|spec|specs|__tests__|pgtap|testdata|bench|benchmarks?)\//i
const MYSQL = /\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?`|\)\s*engine\s*=\s*(?:innodb|myisam)\b/i
const SQLC_QUERY = /^--\s*name:\s*\w+\s+:(?:one|many|exec\w*|copyfrom|batch\w+)/m
const INCLUDE = /^[ \t]*\\(?:i|ir|include|include_relative)[ \t]+['"]?([^\s'"]+)/gm

/** Files of no known tool: name order with numbers as numbers, data last. */
export const plain: Layout = {
  name: 'plain',
  recognize: () => 'SQL files',
  arrange(folder) {
    const included = includedFiles(folder)
    const arrangement = arrangeBy(folder.files, (file) => {
      if (isForMySql(file)) return 'is for another database: MySQL'
      if (SQLC_QUERY.test(file.text())) return 'holds queries for sqlc'
      const reason = folder.files.length > 1 ? reasonToLeaveOut(file, folder) : null
      if (reason) return reason
      const includer = included.get(file.path)
      if (includer && includer !== file.below) return `is included by ${includer}`
      return { key: [HOLDS_DATA.test(file.name) ? 1n : 0n, ...naturalKey(file.below)] }
    })
    const left = folder.files.filter((file) => !isForMySql(file) && !SQLC_QUERY.test(file.text()))
    return arrangement.applied.length > 0 || left.length === 0
      ? arrangement
      : arrangeBy(left, (file) => ({ key: naturalKey(file.below) }))
  },
  down({ below }, folder) {
    if (!folder.files.some(({ name }) => DOWN.test(name))) return undefined
    const stem = below.replace(/(?:[-_.]up)?\.sql$/i, '')
    const names = ['.down', '_down', '-down', '.undo', '.rollback'].map((ending) => `${stem}${ending}.sql`)
    return names.flatMap((name) => downFile(folder, name) ?? [])[0] ?? null
  },
}

/** What only MySQL understands, outside comments. */
function isForMySql(file: FolderFile): boolean {
  return MYSQL.test(file.text()) && MYSQL.test(file.text().replace(/--[^\n]*|\/\*[^]*?\*\//g, ''))
}

function reasonToLeaveOut(file: FolderFile, folder: Folder): string | null {
  const { below, name } = file
  const other = databaseOf(file, folder.files)
  if (other && folder.files.some((one) => databaseOf(one, folder.files) === null))
    return `is for another database: ${other}`
  if (FOR_TESTS.test(below) && folder.files.some((file) => !FOR_TESTS.test(file.below))) return 'is a test'
  if (REMOVES.test(name) && folder.files.some((file) => !REMOVES.test(file.name)))
    return 'removes what other files make'
  return null
}

function includedFiles({ files }: Folder): ReadonlyMap<string, string> {
  const included = new Map<string, string>()
  for (const file of files) {
    for (const [, path = ''] of file.text().matchAll(INCLUDE)) {
      const ending = path.replace(/^(?:\.{1,2}\/)+/, '')
      const target = files.find(
        ({ below, name }) => below === ending || below.endsWith(`/${ending}`) || name === ending,
      )
      if (target) included.set(target.path, file.below)
    }
  }
  return included
}
