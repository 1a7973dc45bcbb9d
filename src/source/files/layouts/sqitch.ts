import { arrangeBy, downFile, type Folder, type Layout } from './layout.js'

/** The order of `sqitch.plan`; an earlier instance of a reworked change is `deploy/<change>@<tag>.sql` (https://sqitch.org/docs). */
export const sqitch: Layout = {
  name: 'sqitch',
  recognize: (folder) => (folder.has('sqitch.plan') ? 'sqitch.plan' : null),
  arrange(folder) {
    const order = new Map(readPlan(folder).map((path, index) => [path, index]))
    return arrangeBy(folder.files, ({ below }) => {
      const place = order.get(below)
      if (place !== undefined) return { key: [BigInt(place)] }
      return below.startsWith('deploy/') ? 'is not in the plan' : 'is no deploy script'
    })
  },
  down: ({ below }, folder) => downFile(folder, below.replace(/^deploy\//, 'revert/')),
}

function readPlan(folder: Folder): readonly string[] {
  const changes: { name: string; tag: string | null }[] = []
  const open = new Map<string, number>()
  let since = 0
  for (const line of (folder.read('sqitch.plan') ?? '').split(/\r?\n/)) {
    const text = line.trim()
    if (text === '' || text.startsWith('%') || text.startsWith('#')) continue
    const name = /^[+]?\s*(@?[^\s[]+)/.exec(text)?.[1] ?? ''
    if (name.startsWith('@')) {
      for (const change of changes.slice(since)) change.tag ??= name
      since = changes.length
      continue
    }
    open.set(name, changes.length)
    changes.push({ name, tag: null })
  }
  return changes.map(({ name, tag }, index) =>
    open.get(name) === index ? `deploy/${name}.sql` : `deploy/${name}${tag ?? ''}.sql`,
  )
}
