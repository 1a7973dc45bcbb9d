import { quoteIdentifier } from '../../quote.js'
import { SqlLoadError } from '../../errors.js'
import { startEmbeddedServer } from '../embedded/server.js'
import { openAccess } from './access.js'
import { applyStatements } from './apply.js'
import { type ArrangedFiles, arrangeFiles } from './arrange.js'
import { startRecording, stopRecording } from './definitions.js'
import { neededExtensions } from './extensions.js'
import { findFiles } from './find.js'
import { gatherMigrations, watchMigrations } from './migrations.js'
import type { LoadedFiles, LoadOptions } from './model.js'
import { chooseNew } from './new-migrations.js'
import { loadParser } from './parse.js'
import { makePlatform } from './platforms.js'
import { placeObjects, readObjects } from './positions.js'
import { type Failure, gatherRemarks } from './remarks.js'
import { recreateOn } from '../recreate.js'
import { type ReadingContext, readStatements, type Statement } from './statements.js'

const MOST_RESTARTS = 3

/**
 * Applies SQL files and folders to a new embedded server. A statement that fails is a load problem, not an error. Throws
 * SqlLoadError for a path that is not there or holds no SQL, and ConfigError for a layout that is not known.
 */
export async function loadSqlFiles(paths: readonly string[], options: LoadOptions = {}): Promise<LoadedFiles> {
  const asked = findFiles(paths, options.exclude)
  const arranged = withoutOld(arrangeFiles(asked, options.layout, options.runner), options)
  const findFile = openAccess(asked.map(({ path }) => path))
  const banned = new Map<number, Failure>()
  for (;;) {
    const attempt = await load(arranged, findFile, options, banned)
    if (!attempt.ended) return attempt.loaded
    const { index, error } = attempt.ended
    if (banned.size >= MOST_RESTARTS || banned.has(index)) {
      throw new SqlLoadError(error.message, { hint: error.hint ?? 'Leave files out.', cause: error, ...attempt.at })
    }
    banned.set(index, { kind: 'limit', message: error.message, hint: error.hint ?? null })
  }
}

/** On another base the files that made it are not applied once more. */
function withoutOld(arranged: ArrangedFiles, { base, newMigrations }: LoadOptions): ArrangedFiles {
  return base && newMigrations ? { ...arranged, files: chooseNew(arranged.files, newMigrations) } : arranged
}

async function load(
  arranged: ArrangedFiles,
  findFile: (path: string, includer: string) => string | null,
  options: LoadOptions,
  banned: ReadonlyMap<number, Failure>,
) {
  const { statementTimeout, memoryLimit, onProgress, signal, newMigrations, base } = options
  const migrations = newMigrations ? (base ? arranged.files : chooseNew(arranged.files, newMigrations)) : null
  const starting = startEmbeddedServer({
    extensions: neededExtensions([...arranged.files.map(({ text }) => text), ...(base?.statements ?? [])]),
    ...(statementTimeout === undefined ? {} : { statementTimeout }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  })
  const [session] = await Promise.all([starting, loadParser()])
  const stop = () => void session.close()
  signal?.addEventListener('abort', stop)
  try {
    const remarks = gatherRemarks()
    const variables = new Map(Object.entries(options.variables ?? {}))
    const files = arranged.files.map(({ name }) => name)
    const settings: string[] = []
    const unmade = base ? await recreateOn(session, base) : []
    for (const { what, reason } of unmade) remarks.skip(what, reason, { file: 'base', line: 1, column: 1 })
    await session.execute('reset all')
    for (const platform of base ? [] : arranged.platforms) {
      settings.push(...(await makePlatform(session, platform, files[0] ?? platform, remarks)))
    }
    await startRecording(session)
    const applied = await applyStatements(session, readAll(arranged, { variables, findFile, remarks }), {
      remarks,
      variables,
      banned,
      unordered: arranged.unordered,
      settings,
      watched: migrations ? watchMigrations(session, migrations, options) : undefined,
      onFile: (file) => onProgress?.({ file, done: files.indexOf(file), total: files.length }),
    })
    const { ended, statements, definitions } = applied
    if (ended) {
      await session.close()
      const location = statements[ended.index]?.locate(0)
      return { ended, at: location ? { location } : {} }
    }
    await stopRecording(session)
    const { problems, standIns, skipped } = remarks.result()
    for (const { name } of standIns.filter(({ kind }) => kind === 'role')) {
      await session.execute(`alter role ${quoteIdentifier(name)} nosuperuser`)
    }
    const objects = await readObjects(session)
    let positions: LoadedFiles['positions'] | undefined
    const loaded: LoadedFiles = {
      session,
      files,
      layout: arranged.report,
      transactions: new Map(arranged.files.map(({ name, parts }) => [name, parts])),
      statements: statements.map(({ text, locate, outcome }) => ({ text, location: locate(0), outcome })),
      problems,
      standIns,
      skipped,
      get positions() {
        return (positions ??= placeObjects(objects, statements, definitions))
      },
      migrations: migrations && gatherMigrations(migrations, statements),
    }
    return { ended: null, loaded }
  } catch (error) {
    await session.close()
    throw error
  }
}

function* readAll({ files }: ArrangedFiles, context: ReadingContext): Generator<Statement> {
  for (const file of files) yield* readStatements(file, context)
}
