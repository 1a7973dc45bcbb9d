import { rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Update extensions after the server’s packages brought a newer version.',
    why: 'After an upgrade the server runs the new library with the old SQL objects: fixes, some of them of security, do not arrive until ALTER EXTENSION … UPDATE runs in each database.',
    bad: "create extension pg_trgm version '1.5';",
    good: 'create extension pg_trgm;',
    references: ['https://www.postgresql.org/docs/current/sql-alterextension.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const extension of catalog.extensions) {
      const { version, defaultVersion } = extension
      if (defaultVersion !== null && isOlder(version, defaultVersion))
        yield { on: extension, facts: { version, defaultVersion } }
    }
  },

  message: ({ on, facts: { version, defaultVersion } }) =>
    `The extension ${on} is at version ${version}; the server has ${defaultVersion}.`,

  advice: ({ on }) => `Read its release notes, then run: alter extension "${on.name}" update.`,
})

/** Whether a version of numbers is less than another; versions of anything else are not compared. */
function isOlder(version: string, other: string): boolean {
  if (!/^\d+(\.\d+)*$/.test(version) || !/^\d+(\.\d+)*$/.test(other)) return false
  const [ours, theirs] = [version, other].map((text) => text.split('.').map(Number))
  for (let at = 0; at < Math.max(ours?.length ?? 0, theirs?.length ?? 0); at++) {
    const difference = (ours?.[at] ?? 0) - (theirs?.[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
