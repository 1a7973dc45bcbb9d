import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
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
  beforeAll(async () => {
    commands = await readCommands()
  })
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

  it.each([
    ['zsh', renderZshCompletion],
    ['fish', renderFishCompletion],
  ] as const)(
    'of %s names every command and flag, and is a script of that shell where there is one',
    (shell, render) => {
      const script = render({ commands, values })
      for (const { id, flags } of commands) {
        expect(script).toContain(id)
        for (const { name } of flags) expect(script).toContain(shell === 'fish' ? `-l ${name}` : `--${name}`)
      }
      const { error, status, stderr } = spawnSync(shell, ['-n', '/dev/stdin'], { input: script, encoding: 'utf8' })
      if (!error) expect([status, stderr]).toEqual([0, ''])
    },
  )
})
