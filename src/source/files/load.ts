import { startEmbeddedServer } from '../embedded/server.js'
import { applyStatements } from './apply.js'
import { startRecording, stopRecording } from './definitions.js'
import { neededExtensions } from './extensions.js'
import { findFiles, isSqlFile, shownPath } from './find.js'
import type { LoadedFiles, LoadOptions } from './model.js'
import { loadParser } from './parse.js'
import { readPositions } from './positions.js'
import { Problems } from './problems.js'
import { readText } from './read.js'
import { readStatements } from './statements.js'

/**
 * Applies SQL files and folders to a new embedded server. A statement that fails is a load problem, not an error. Throws
 * SqlLoadError for a path that is not there or holds no SQL, ConfigError for a layout that is not known.
 */
export async function loadSqlFiles(paths: readonly string[], options: LoadOptions = {}): Promise<LoadedFiles> {
  const files = findFiles(paths)
    .flatMap((asked) => (asked.kind === 'file' ? [asked.path] : asked.entries.filter(isSqlFile)))
    .map((path) => ({ name: shownPath(path), text: readText(path) }))
  await loadParser()
  const { statementTimeout, memoryLimit } = options
  const session = await startEmbeddedServer({
    extensions: neededExtensions(files.map(({ text }) => text)),
    ...(statementTimeout === undefined ? {} : { statementTimeout }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  })
  try {
    await startRecording(session)
    const problems = new Problems()
    const { statements, definitions } = await applyStatements(
      session,
      files.flatMap((file) => [...readStatements(file)]),
      problems,
    )
    await stopRecording(session)
    const names = files.map(({ name }) => name)
    return {
      session,
      files: names,
      layout: { name: 'plain', evidence: null, applied: names, leftOut: [] },
      statements: statements.map(({ text, locate, outcome }) => ({ text, location: locate(0), outcome })),
      problems: problems.roots,
      standIns: [],
      skipped: [],
      positions: await readPositions(session, statements, definitions),
    }
  } catch (error) {
    await session.close()
    throw error
  }
}
