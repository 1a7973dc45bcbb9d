import { arrangeBy, type Layout } from './layout.js'

const CHECKPOINT = /^--\s*atlas:checkpoint\b/m

/** Name order, from the newest checkpoint on (https://atlasgo.io/concepts/migration-directory-integrity). */
export const atlas: Layout = {
  name: 'atlas',
  recognize: (folder) => (folder.has('atlas.sum') ? 'atlas.sum' : null),
  arrange({ files }) {
    const checkpoint = files.findLast((file) => CHECKPOINT.test(file.text()))
    return arrangeBy(files, (file) => {
      if (checkpoint && file.below < checkpoint.below) return 'is summed up by a checkpoint'
      return { key: [file.below] }
    })
  },
}
