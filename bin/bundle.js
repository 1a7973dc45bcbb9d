import { createHash } from 'node:crypto'
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path/posix'
import { rolldown } from 'rolldown'

/**
 * Modules that are wanted together share a file, for each file costs time to find; rules, commands and what people import stay
 * where they are. Packages that are not installed with this one become part of it.
 * @param {string} folder of the package
 * @param {string} dist
 * @param {readonly string[]} more modules that stay where they are
 */
export async function bundle(folder, dist, more = []) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const installed = Object.keys(dependencies)
  /** @param {string} below */
  const modulesIn = (below) =>
    readdirSync(join(folder, below), { recursive: true, encoding: 'utf8' })
      .map((file) => join(below, file.replaceAll('\\', '/')))
      .filter((file) => file.endsWith('.ts'))
  const entries = [
    ...modulesIn('rules'),
    ...modulesIn('src/commands'),
    'src/cli/main.ts',
    'src/cli/manual.ts',
    'src/kit.ts',
    'src/source/embedded/worker.js',
    ...more,
  ]
  const bundled = await rolldown({
    input: Object.fromEntries(entries.map((file) => [file.replace(/\.[jt]s$/, ''), join(folder, file)])),
    platform: 'node',
    external: (/** @type {string} */ id) => installed.some((name) => id === name || id.startsWith(`${name}/`)),
    transform: { target: 'node20' },
    plugins: [{ name: 'places', transform: namePlace, renderChunk: givePlace }],
  })
  const { output } = await bundled.write({
    dir: dist,
    entryFileNames: '[name].js',
    chunkFileNames: 'src/shared/[name]-[hash].js',
    comments: false,
  })
  const built = createHash('sha256')
  for (const part of output) if (part.type === 'chunk') built.update(part.fileName).update(part.code)
  writeFileSync(join(dist, 'build-id'), built.digest('hex').slice(0, 16))
  // What runs in the page of the HTML report is read as text.
  cpSync(join(folder, 'src/report/html/script.js'), join(dist, 'src/report/html/script.js'))

  /** What a module finds beside itself, it still finds from the file that it has got into. */
  function namePlace(/** @type {string} */ code, /** @type {string} */ id) {
    const place = JSON.stringify(relative(folder, id))
    return code.includes('import.meta.url') ? code.replaceAll('import.meta.url', `__place(${place})`) : null
  }
  function givePlace(/** @type {string} */ code, /** @type {{ fileName: string }} */ { fileName }) {
    return code.replace(/__place\("([^"]+)\.[jt]s"\)/g, (_, place) => {
      const path = relative(dirname(fileName), `${place}.js`)
      return `new URL(${JSON.stringify(path.startsWith('.') ? path : `./${path}`)}, import.meta.url).href`
    })
  }
}
