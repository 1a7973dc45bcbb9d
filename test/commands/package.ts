import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../bin/bundle.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What a process left behind. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The package as it is installed, compiled into a folder of its own, so that no other build can disturb it. */
export interface Installed {
  readonly folder: string
  run(
    args: readonly string[],
    options?: { readonly environment?: Record<string, string>; readonly cwd?: string },
  ): Promise<Ran>
  remove(): void
}

/** Builds the package; a test may want further modules of it. */
export async function installPackage(more: readonly string[] = []): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-package-'))
  for (const part of ['package.json', 'bin']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
  await bundle(ROOT, join(folder, 'dist'), more)
  return {
    folder,
    run: (args, { environment = {}, cwd = ROOT } = {}) =>
      runProcess([join(folder, 'bin/run.js'), ...args], { cwd, environment }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function runProcess(
  args: readonly string[],
  { cwd, environment }: { readonly cwd: string; readonly environment: Record<string, string> },
): Promise<Ran> {
  const { PATH = '', HOME = '', XDG_CACHE_HOME } = process.env
  const env = { PATH, HOME, ...(XDG_CACHE_HOME ? { XDG_CACHE_HOME } : {}), ...environment }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
    child.on('error', reject).on('close', (status) => resolve({ status, ...output }))
  })
}
