// Makes the files of a new rule: `npm run new-rule category/defect`.
import { mkdirSync, writeFileSync } from 'node:fs'

const [id = ''] = process.argv.slice(2)
if (!/^[a-z][a-z-]*\/[a-z][a-z-]*$/.test(id)) {
  console.error('Usage: npm run new-rule category/defect-as-a-noun-phrase')
  process.exitCode = 2
} else {
  const root = new URL('..', import.meta.url)
  const [category, defect] = id.split('/')
  write(`rules/${category}/${defect}.ts`, template())
  write(`fixtures/rules/${id}/bad.sql`, '-- expect: public.example\ncreate table example (id bigint primary key);\n')
  write(`fixtures/rules/${id}/good.sql`, 'create table example (id bigint primary key);\n')

  /** @param {string} path @param {string} text */
  function write(path, text) {
    const file = new URL(path, root)
    mkdirSync(new URL('.', file), { recursive: true })
    writeFileSync(file, text, { flag: 'wx' })
    console.log(path)
  }
}

function template() {
  return `import { rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: '',
    why: '',
    bad: 'create table example (id bigint primary key);',
    good: 'create table example (id bigint primary key);',
    references: [],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) yield { on: table, facts: {} }
  },

  message: ({ on }) => \`\${on} …\`,
})
`
}
