import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCommands, renderManual } from '../../src/cli/manual.js'
import { renderBashCompletion } from '../../src/report/completion/bash.js'
import { renderFishCompletion } from '../../src/report/completion/fish.js'
import { renderZshCompletion } from '../../src/report/completion/zsh.js'
import type { CommandInfo } from '../../src/report/manual/command.js'

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url))

it('the manual says what the code says; `npm run docs` writes it anew', async () => {
  const manual = await renderManual()
  const there = ['commands', 'rules'].flatMap((folder) =>
    readdirSync(`${DOCS}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => `${folder}/${file}`),
  )
  expect(there.toSorted()).toEqual([...manual.keys()].toSorted())
  const stale = [...manual].filter(([path, text]) => readFileSync(`${DOCS}${path}`, 'utf8') !== text)
  expect(stale.map(([path]) => path)).toEqual([])
})

describe('completion', () => {
  let commands: readonly CommandInfo[]
  let folder: string
  beforeAll(async () => {
    commands = await readCommands()
    folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-completion-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, text: string) => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }
  const values = { rule: ['keys/a', 'types/b'], format: ['json', 'sarif'], shell: ['bash', 'zsh', 'fish'] }

  it('of bash knows commands, flags, their values and rules', () => {
    const script = renderBashCompletion({ commands, values })
    const complete = (...words: readonly string[]) => {
      const list = words.map((word) => `'${word}'`).join(' ')
      const run = `${script}\nCOMP_WORDS=(pg-billing-audit ${list}); COMP_CWORD=${words.length}; _pg_billing_audit; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', run], { encoding: 'utf8' })
      expect(stderr).toBe('')
      return stdout.trim().split('\n')
    }
    expect(complete('sc')).toEqual(['scan'])
    expect(complete('scan', '--fail')).toEqual(['--fail-on'])
    expect(complete('scan', '--no-pr')).toEqual(['--no-prove'])
    expect(complete('scan', '--fail-on', '')).toEqual(['error', 'warning', 'info', 'never'])
    expect(complete('scan', '--format', 's')).toEqual(['sarif'])
    expect(complete('scan', '--rule', 'keys')).toEqual(['keys/a'])
    expect(complete('explain', 't')).toEqual(['types/b'])
    expect(complete('completion', 'z')).toEqual(['zsh'])
  })

  /** What a line comes to after the tabulator, or its candidates, in the shell itself. */
  const asked: readonly (readonly [string, string])[] = [
    ['sc', 'scan'],
    ['scan --fail', '--fail-on'],
    ['scan --no-pr', '--no-prove'],
    ['scan --format s', 'sarif'],
    ['scan --accept-unseen sta', 'stand-ins statistics'],
    ['scan --rule keys', 'keys/a'],
    ['explain t', 'types/b'],
    ['completion z', 'zsh'],
  ]

  describe.skipIf(!isThere('fish'))('of fish', () => {
    it('knows commands, flags, their values and rules', () => {
      const file = write('c.fish', renderFishCompletion({ commands, values }))
      const lines = asked.map(([line]) => `echo (complete -C 'pg-billing-audit ${line}' | cut -f 1)`)
      const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', [`source ${file}`, ...lines].join('\n')], {
        encoding: 'utf8',
      })
      expect(stderr).toBe('')
      expect(stdout.trim().split('\n')).toEqual(asked.map(([, candidates]) => candidates))
    })
  })

  describe.skipIf(!isThere('zsh'))('of zsh', () => {
    /** Types each line into a shell on a terminal of its own and presses the tabulator; `^X` tells what stands there then. */
    const type = (setup: string, lines: readonly string[]) => {
      const out = join(folder, 'line')
      const driver = write(
        'driver.zsh',
        `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; autoload -U compinit; compinit -u -D; ${setup}; report() { print -r -- "$BUFFER" > ${out}.new; mv ${out}.new ${out} }; zle -N report; bindkey "^X" report'
for line in ${lines.map((line) => `'${line}'`).join(' ')}; do
  rm -f ${out}
  zpty -w -n shell "pg-billing-audit $line"$'\t\x18'
  repeat 200; do [[ -e ${out} ]] && break; sleep 0.05; done
  cat ${out}
  zpty -w -n shell $'\x15'
done`,
      )
      const { stdout, stderr } = spawnSync('zsh', ['-f', driver], { encoding: 'utf8' })
      expect(stderr).toBe('')
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.trim())
    }

    it('knows commands, flags, their values and rules, sourced and as a file on fpath', () => {
      const script = renderZshCompletion({ commands, values })
      const single = asked.filter(([, candidates]) => !candidates.includes(' '))
      const completed = single.map(([line, word]) => `pg-billing-audit ${line.replace(/\S+$/, word)}`)
      expect(
        type(
          `source ${write('c.zsh', script)}`,
          single.map(([line]) => line),
        ),
      ).toEqual(completed)
      write('functions/_pg-billing-audit', script)
      expect(type(`fpath=(${folder}/functions $fpath); compinit -u -D`, ['sc'])).toEqual(['pg-billing-audit scan'])
    })
  })
})

function isThere(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0
}
