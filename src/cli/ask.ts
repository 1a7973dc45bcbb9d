import type { Finding } from '../engine/result.js'
import { InterruptedError } from '../errors.js'
import { givingWay, type Migration } from '../fix/migration.js'
import { printable } from '../report/printable.js'

/** Shows a list of the fixes and gives the fingerprints of those that are ticked: proven ones are, at first; a decision is answered by its tick. */
export async function askWhichFixes({ fixes, decisions, refused }: Migration): Promise<readonly string[]> {
  const others = givingWay(refused)
  if (fixes.length + decisions.length + others.length === 0) return []
  const { default: checkbox, Separator } = await import('@inquirer/checkbox')
  const choice = ({ address, rule, message, fix, fingerprint }: Finding, checked: boolean) => ({
    value: fingerprint,
    name: printable(`${address} · ${rule}`),
    description: printable(checked ? message : `${message} ${fix?.reason ?? ''}`),
    checked,
  })
  try {
    return await checkbox(
      {
        message: 'Which fixes?',
        pageSize: 20,
        loop: false,
        choices: [
          ...fixes.map((finding) => choice(finding, true)),
          ...(decisions.length > 0 ? [new Separator('— to decide; a tick says yes')] : []),
          ...decisions.map((finding) => choice(finding, false)),
          ...(others.length > 0 ? [new Separator('— give way to others; a tick without those tries them')] : []),
          ...others.map((finding) => choice(finding, false)),
        ],
      },
      { output: process.stderr },
    )
  } catch (error) {
    if ((error as Error).name === 'ExitPromptError') throw new InterruptedError()
    throw error
  }
}
