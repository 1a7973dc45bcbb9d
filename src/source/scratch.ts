import { EvidenceError } from '../errors.js'
import { quoteIdentifier } from '../quote.js'
import { startEmbeddedServer } from './embedded/server.js'
import type { ScratchServer } from './live/scratch-server.js'
import { applyAll } from './recreate.js'
import type { LeftOver, Recreation, ScratchSession, Unmade } from './session.js'

/** Scratch databases for proofs. */
export interface Scratches {
  /** A database in its first state; `recreate` gives what it is filled with, where it is not filled already. */
  open(recreate: () => Recreation): Promise<ScratchSession>
  /** What the last database lacks of the schema. */
  listUnmade(): readonly Unmade[]
  /** Ends and removes all of them; another cannot be opened then. Gives those that are left on a server. */
  close(): Promise<readonly LeftOver[]>
}

/** PGlite extensions that fixes may need beside those that the schema has. */
const FIX_EXTENSIONS = ['btree_gist']

/** Embedded servers, filled from a catalog. */
export function createEmbeddedScratches(): Scratches {
  return createScratches({
    make: () => startEmbeddedServer({ extensions: FIX_EXTENSIONS }),
    makeRole: (scratch, role) => scratch.execute(`create role ${quoteIdentifier(role)}`),
    remove: async () => [],
  })
}

/** Databases on a real server, filled from a catalog. Roles belong to the whole server: none is made there. */
export function createServerScratches(server: ScratchServer): Scratches {
  return createScratches({
    make: () => server.createDatabase(),
    makeRole: async (scratch, role) => {
      const there = await scratch.query('select from pg_catalog.pg_roles where rolname = $1', [role])
      return there.length > 0 ? null : { message: `there is no such role on ${server.displayName}` }
    },
    remove: () => server.close(),
  })
}

/** Databases that `load` fills itself; the `first` is there already. */
export function createLoadedScratches(first: ScratchSession, load: () => Promise<ScratchSession>): Scratches {
  let fresh: ScratchSession | null = first
  const scratches = createScratches({
    make: async () => {
      const scratch = fresh ?? (await load())
      fresh = null
      return scratch
    },
    makeRole: async () => null,
    remove: async () => [],
  })
  return { ...scratches, open: () => scratches.open(() => ({ roles: [], statements: [] })) }
}

interface Maker {
  make(): Promise<ScratchSession>
  /** Gives null, or why there is no such role. */
  makeRole(scratch: ScratchSession, role: string): Promise<{ readonly message: string } | null>
  remove(): Promise<readonly LeftOver[]>
}

function createScratches({ make, makeRole, remove }: Maker): Scratches {
  const opened = new Set<ScratchSession>()
  let unmade: readonly Unmade[] = []
  let closing: Promise<readonly LeftOver[]> | undefined
  return {
    async open(recreate) {
      if (closing) throw new EvidenceError('The proof was cancelled.')
      const scratch = await make()
      opened.add(scratch)
      if (closing) await scratch.close()
      const { roles, statements } = recreate()
      const missing: Unmade[] = []
      for (const role of roles) {
        const problem = await makeRole(scratch, role)
        if (problem) missing.push({ what: `role ${role}`, reason: problem.message })
      }
      unmade = await applyAll(scratch, statements, missing)
      return scratch
    },
    listUnmade: () => unmade,
    close: () => (closing ??= end()),
  }

  async function end() {
    await Promise.all([...opened].map((scratch) => scratch.close()))
    return remove()
  }
}
