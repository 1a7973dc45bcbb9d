import { quoteIdentifier } from '../../quote.js'
import { type Location, SqlLoadError } from '../../errors.js'
import { type EmbeddedServer, startEmbeddedServer } from '../embedded/server.js'
import { openAccess } from './access.js'
import { applyStatements } from './apply.js'
import { type BaseState, openBaseImage } from './base-image.js'
import { type ArrangedFile, type ArrangedFiles, arrangeFiles } from './arrange.js'
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
import type { Reached } from './send.js'
import { readDownSides, tryDownSides } from './undo.js'
import { settleTransactions } from './runners.js'
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
  for (let together = true; ;) {
    const attempt = await load(arranged, findFile, options, banned, together)
    if (!attempt.ended) return attempt.loaded
    const { index, error } = attempt.ended
    if (error.together) {
      together = false
      continue
    }
    if (banned.size >= MOST_RESTARTS || banned.has(index)) {
      throw new SqlLoadError(error.message, { hint: error.hint ?? 'Leave files out.', cause: error, ...attempt.at })
    }
    banned.set(index, { kind: 'limit', message: error.message, hint: error.hint ?? null })
  }
}

/** On another base the files that made it are not applied once more. */
function withoutOld(arranged: ArrangedFiles, { base, newMigrations, added = [] }: LoadOptions): ArrangedFiles {
  const files = base && newMigrations ? chooseNew(arranged.files, newMigrations) : arranged.files
  return { ...arranged, files: [...files, ...added.map(asFile)] }
}

function asFile({ name, text }: NonNullable<LoadOptions['added']>[number]): ArrangedFile {
  return { path: name, name, text, layout: 'plain', parts: [{ line: 1, transaction: 'none' }], down: undefined }
}

/** The files that are new, in their order. */
function chooseWatched(
  files: readonly ArrangedFile[],
  { base, newMigrations, runner, added = [] }: LoadOptions,
): readonly ArrangedFile[] | null {
  if (!newMigrations) return null
  const end = files.length - added.length
  const named = base ? files.slice(0, end) : chooseNew(files.slice(0, end), newMigrations)
  return [...settleTransactions(named, runner?.name), ...files.slice(end)]
}

async function load(
  arranged: ArrangedFiles,
  findFile: (path: string, includer: string) => string | null,
  options: LoadOptions,
  banned: ReadonlyMap<number, Failure>,
  together: boolean,
) {
  const { onProgress, signal, base } = options
  const migrations = chooseWatched(arranged.files, options)
  const [{ started, state, image }] = await Promise.all([start(arranged, migrations, options, banned), loadParser()])
  const stop = () => void started.close()
  signal?.addEventListener('abort', stop)
  const session: EmbeddedServer = {
    ...started,
    close: async () => {
      signal?.removeEventListener('abort', stop)
      await started.close()
    },
  }
  try {
    const remarks = gatherRemarks(state ?? {})
    const variables = new Map(Object.entries(options.variables ?? {}))
    const files = arranged.files.map(({ name }) => name)
    const settings: string[] = [...(state?.settings ?? [])]
    if (!state) {
      const unmade = base ? await recreateOn(session, base) : []
      for (const { what, reason } of unmade) remarks.skip(what, reason, { file: 'base', line: 1, column: 1 })
      await session.execute('reset all')
      for (const platform of base ? [] : arranged.platforms) {
        settings.push(...(await makePlatform(session, platform, files[0] ?? platform, remarks)))
      }
    }
    await startRecording(session)
    const isNew = new Set(migrations?.map(({ name }) => name))
    const keepBase = async (reached: Pick<BaseState, 'outcomes' | 'definitions' | 'settings'>) => {
      const { problems, standIns, skipped } = remarks.result()
      if (!image || problems.length > 0) return
      await stopRecording(session)
      await image.keep(session, { ...reached, standIns: before(standIns, isNew), skipped: before(skipped, isNew) })
      await startRecording(session)
    }
    const applied = await applyStatements(
      session,
      readAll(arranged, { variables, findFile, remarks }, state ? isNew : null),
      {
        remarks,
        variables,
        banned,
        together,
        unordered: arranged.unordered,
        settings,
        watched: migrations ? watchMigrations(session, migrations, options) : undefined,
        done: state ?? undefined,
        onBase: keepBase,
        onFile: (file) => onProgress?.({ file, done: files.indexOf(file), total: files.length }),
      },
    )
    const { ended, statements, definitions } = applied
    if (ended) {
      await session.close()
      const location = statements[ended.index]?.locate(0)
      return { ended, at: location ? { location } : {} }
    }
    await stopRecording(session)
    const downs = await undo(session, migrations ?? [], statements, { variables, findFile, options })
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
      migrations:
        migrations && gatherMigrations(migrations, statements, downs, { ...options, order: base ? [] : files }),
    }
    return { ended: null, loaded }
  } catch (error) {
    await session.close()
    throw error
  }
}

/** Reads the down sides of new files, and tries them when all that they take back was applied. */
async function undo(
  session: EmbeddedServer,
  files: readonly ArrangedFile[],
  reached: readonly Reached[],
  { variables, findFile, options }: Pick<ReadingContext, 'variables' | 'findFile'> & { readonly options: LoadOptions },
) {
  const downs = readDownSides(files, { variables, findFile })
  const { onUndone, replacements, added } = options
  const names = new Set(files.map(({ name }) => name))
  const failed = reached.some(({ file, outcome }) => names.has(file) && outcome === 'failed')
  if (!onUndone || replacements || added || failed || ![...downs.values()].some(Boolean)) return downs
  return tryDownSides(session, files, downs, () => onUndone(session))
}

/** Starts the server with what is there before the first new file, where an image of that is kept. */
async function start(
  { files }: ArrangedFiles,
  migrations: readonly ArrangedFile[] | null,
  options: LoadOptions,
  banned: ReadonlyMap<number, Failure>,
) {
  const { statementTimeout, memoryLimit, base, cache = true } = options
  const extensions = neededExtensions([...files.map(({ text }) => text), ...(base?.statements ?? [])])
  const limits = {
    extensions,
    ...(statementTimeout === undefined ? {} : { statementTimeout }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  }
  const first = migrations?.[0]
  const earlier = first
    ? files.slice(
        0,
        files.findIndex(({ name }) => name === first.name),
      )
    : []
  const image = first && banned.size === 0 && cache ? openBaseImage(earlier, options, extensions) : null
  const kept = await image?.start(limits)
  return kept
    ? { started: kept.server, state: kept.state, image: null }
    : { started: await startEmbeddedServer(limits), state: null, image }
}

/** What was said of files that are not new. */
function before<T extends { readonly locations: readonly Location[] }>(
  said: readonly T[],
  isNew: ReadonlySet<string>,
): readonly T[] {
  return said.flatMap((one) => {
    const locations = one.locations.filter(({ file }) => !isNew.has(file))
    return locations.length > 0 ? [{ ...one, locations }] : []
  })
}

/** `fresh`: the new files, where what is said of the others before the first of them is known already. */
function* readAll(
  { files }: ArrangedFiles,
  context: ReadingContext,
  fresh: ReadonlySet<string> | null,
): Generator<Statement> {
  let isKnown = fresh !== null
  for (const file of files) {
    isKnown &&= !fresh?.has(file.name)
    yield* readStatements(file, isKnown ? { ...context, remarks: gatherRemarks() } : context)
  }
}
