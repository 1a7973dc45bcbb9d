import { createHash } from 'node:crypto'
import { readBuild } from '../../manifest.js'
import { embeddedVersion, readCachedImage, writeCachedImage } from '../embedded/cache.js'
import { type EmbeddedOptions, type EmbeddedServer, startEmbeddedServer } from '../embedded/server.js'
import type { ArrangedFile } from './arrange.js'
import { isCodeFile } from './code/read.js'
import type { Definition } from './definitions.js'
import type { LoadedStatement, LoadOptions, Skipped, StandIn } from './model.js'

/** What the statements before the first new migration came to. */
export interface BaseState {
  /** What came of each statement, in their order. */
  readonly outcomes: readonly LoadedStatement['outcome'][]
  readonly definitions: readonly Definition[]
  /** Said at the beginning of each later file. */
  readonly settings: readonly string[]
  readonly standIns: readonly StandIn[]
  readonly skipped: readonly Skipped[]
}

/** What is there before the first new migration, kept so that it need not be applied again. */
export interface BaseImage {
  /** A server that holds it, and what it came to; null where it is not kept. */
  start(options: EmbeddedOptions): Promise<{ readonly server: EmbeddedServer; readonly state: BaseState } | null>
  /** Keeps what a server holds, where that is worth it. */
  keep(server: EmbeddedServer, state: BaseState): Promise<void>
}

/** Statements from which on it is quicker to read an image than to apply them. */
const WORTH_KEEPING = 250

/** psql's commands read other files, or run what rows say. */
const READS_MORE = /^[ \t]*\\(?:i|ir|include|include_relative|copy)\b|\\g(?:set|exec)\b/m

/** Whether a file's text does not tell all that it comes to. */
export function dependsOnMore({ path, text }: Pick<ArrangedFile, 'path' | 'text'>): boolean {
  return isCodeFile(path) || READS_MORE.test(text)
}

/** What an image holds is told by the texts that made it, and by the versions of all that took part. */
export function openBaseImage(
  files: readonly ArrangedFile[],
  { variables, base }: Pick<LoadOptions, 'variables' | 'base'>,
  extensions: readonly string[],
): BaseImage {
  const isKnown = !files.some(dependsOnMore)
  const key = createHash('sha256')
    .update(JSON.stringify([readBuild(), embeddedVersion(), extensions, variables ?? {}, base ?? null]))
    .update(JSON.stringify(files.map(({ name, layout, text }) => [name, layout, text])))
    .digest('hex')
    .slice(0, 32)
  return {
    async start(options) {
      const image = isKnown ? await readCachedImage(key) : null
      if (!image) return null
      try {
        const state = JSON.parse(image.state) as BaseState
        return { server: await startEmbeddedServer({ ...options, dataDirectory: image.dataDirectory }), state }
      } catch {
        return null
      }
    },
    async keep(server, state) {
      if (!isKnown || state.outcomes.length < WORTH_KEEPING || (await holdsUnlogged(server))) return
      await writeCachedImage(key, async () => {
        // Without it the next start would go through the log.
        await server.execute('checkpoint')
        return { state: JSON.stringify(state), dataDirectory: await server.dump() }
      })
    },
  }
}

/** An image begins as after a crash, which empties unlogged tables. */
async function holdsUnlogged(server: EmbeddedServer): Promise<boolean> {
  const found = await server.query(`select from pg_catalog.pg_class where relpersistence = 'u' limit 1`)
  return found.length > 0
}
