import { openAccess } from '../../../source/files/access.js'
import { type ArrangedFile, arrangeFiles } from '../../../source/files/arrange.js'
import { findFiles } from '../../../source/files/find.js'
import type { LoadedFiles, LoadedMigration, LoadOptions, ObservedStatement } from '../../../source/files/model.js'
import { chooseNew } from '../../../source/files/new-migrations.js'
import type { RelationState } from '../../../source/files/observation/relations.js'
import { type ParsedStatement, parseStatement } from '../../../source/files/parse.js'
import { gatherRemarks } from '../../../source/files/remarks.js'
import { type ReadingContext, readStatements, type Statement } from '../../../source/files/statements.js'
import { readErrorStops } from '../../../source/files/psql.js'
import { settleTransactions } from '../../../source/files/runners.js'
import { readDownSides } from '../../../source/files/undo.js'
import { NEW_SESSION, traceParts } from '../trace-parts.js'
import type { SessionState } from '../trace-session.js'
import { failureOf } from './failures.js'
import { observeStatically } from './observe.js'
import { imagineRelations } from './relations.js'

/** Files of which the new ones were followed statement by statement, without a server. */
export interface StaticReading extends Pick<LoadedFiles, 'files' | 'layout' | 'problems' | 'standIns' | 'skipped'> {
  /** New files, by release: what one file of a release makes is empty for the next. */
  readonly migrations: readonly (readonly LoadedMigration[])[]
  /** What is there before the first of them. */
  readonly before: readonly RelationState[]
}

/** Reads files in the order of their tool; the parser must be loaded. Throws as `loadSqlFiles` does. */
export function readStatically(paths: readonly string[], options: LoadOptions): StaticReading {
  const asked = findFiles(paths, options.exclude)
  const arranged = arrangeFiles(asked, options.layout, options.runner)
  const remarks = gatherRemarks()
  const context = {
    variables: new Map(Object.entries(options.variables ?? {})),
    findFile: openAccess(asked.map(({ path }) => path)),
    remarks,
  }
  const pending = options.newMigrations ? chooseNew(arranged.files, options.newMigrations) : arranged.files
  const fresh = options.newMigrations ? settleTransactions(pending, options.runner?.name) : pending
  const files = arranged.files.map((file) => fresh[pending.indexOf(file)] ?? file)
  return {
    files: files.map(({ name }) => name),
    layout: arranged.report,
    ...followStatically(files, new Set(fresh), context, !options.newMigrations),
    ...remarks.result(),
  }
}

/** Follows files in this order; `oneByOne`: each new file is a release. */
export function followStatically(
  files: readonly ArrangedFile[],
  fresh: ReadonlySet<ArrangedFile>,
  context: ReadingContext,
  oneByOne: boolean,
): Pick<StaticReading, 'migrations' | 'before'> {
  const { remarks } = context
  const relations = imagineRelations()
  const observer = observeStatically(relations)
  const migrations: LoadedMigration[] = []
  let before: readonly RelationState[] = []
  let session = NEW_SESSION
  const errorStop = context.variables.get('ON_ERROR_STOP')

  const downs = readDownSides(
    files.filter((file) => fresh.has(file)),
    context,
  )
  const parse = (statement: Statement): ParsedStatement | null => {
    const parsed = parseStatement(statement.text)
    const guessed = parsed ?? (statement.guess ? parseStatement(statement.guess.text) : null)
    if (!guessed)
      remarks.fail(statement, { kind: 'syntax', message: 'PostgreSQL’s grammar does not know the statement.' })
    return guessed
  }
  const follow = (file: ArrangedFile): LoadedMigration => {
    const statements = [...readStatements(file, context)].map((statement) => ({
      statement,
      parsed: parse(statement),
      location: statement.locate(0),
    }))
    const { states, end } = traceParts(
      file,
      statements.map(({ statement: { text }, location }) => ({ text, location })),
      oneByOne ? { ...session, open: null } : session,
    )
    session = end
    return {
      ...file,
      file: file.name,
      down: downs.get(file.name),
      errorStops: file.layout === 'plain' ? readErrorStops(file.text, errorStop) : null,
      statements: statements.map(({ statement: { text }, parsed, location }, at) =>
        observeOne(text, parsed, location, states[at]!),
      ),
    }
  }
  const observeOne = (
    text: string,
    parsed: ParsedStatement | null,
    location: ObservedStatement['location'],
    state: SessionState,
  ): ObservedStatement => ({
    text,
    location,
    outcome: parsed ? 'applied' : 'failed',
    failure: parsed && failureOf(parsed, state, relations),
    observation: parsed && observer.observe(parsed, state),
  })

  for (const file of files) {
    if (!fresh.has(file)) {
      for (const statement of readStatements(file, context)) {
        const parsed = parse(statement)
        if (parsed) relations.apply(parsed)
      }
      continue
    }
    if (migrations.length === 0) before = [...relations.all()]
    if (migrations.length === 0 || oneByOne) observer.beginRelease()
    migrations.push(follow(file))
  }
  return {
    migrations: oneByOne ? migrations.map((one) => [one]) : [migrations],
    before,
  }
}
