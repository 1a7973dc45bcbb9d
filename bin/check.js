// Every check of the project, one after the other; ends with one line: N passed, N failed. A check that is not a test counts as one.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-check-'))
const report = join(folder, 'tests.json')

/** @type {[string, string[]][]} */
const checks = [
  ['build', ['npm', 'run', '--silent', 'build']],
  ['types', ['npx', 'tsc', '--noEmit']],
  ['lint', ['npx', 'oxlint', '--deny-warnings']],
  ['format', ['npx', 'prettier', '--check', '--log-level', 'warn', '.']],
  ['dead code', ['npx', 'knip', '--no-progress']],
  ['package', ['npx', 'publint', '--strict']],
  ['tests', ['npx', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]],
]

let passed = 0
let failed = 0
for (const [name, [command = '', ...args]] of checks) {
  console.log(`\n— ${name}`)
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  const counted = name === 'tests' ? countTests() : null
  passed += counted?.passed ?? (status === 0 ? 1 : 0)
  failed += counted ? counted.failed + (status !== 0 && counted.failed === 0 ? 1 : 0) : status === 0 ? 0 : 1
}
rmSync(folder, { recursive: true, force: true })
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function countTests() {
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'))
    return { passed: numPassedTests, failed: numFailedTests || numFailedTestSuites }
  } catch {
    return null
  }
}
