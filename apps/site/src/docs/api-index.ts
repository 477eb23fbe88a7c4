import type { Package } from './packages.ts'

/** What one may want, and the packages that have it. */
const wants: readonly (readonly [want: string, pages: readonly string[]])[] = [
  ['Train, follow and resume a run', ['runs']],
  ['Say where gradients stop, and when units learn', ['isolation', 'scheduler']],
  ['Build a network, or a head', ['backbone-resnet', 'backbone-shufflenet', 'layers']],
  ['Compare views', ['loss-info-nce', 'loss-non-contrastive', 'loss-cacr', 'loss-pac-bayes', 'embeddings']],
  ['Learn from labels, or from a teacher', ['loss-cross-entropy', 'loss-supcon', 'loss-distillation']],
  ['Move the parameters', ['optimizers']],
  ['Read data and make views', ['data']],
  ['Know the cost beforehand', ['planner']],
  ['See what was learned', ['evaluation', 'tensorboard']],
  ['Use what was trained', ['encoder']],
  ['Save, load and hand on weights', ['checkpoints', 'files', 'onnx']],
  ['Compute on a backend', ['backend-wasm', 'backend-webgpu', 'backend-node']],
  ['Write a part of your own', ['core', 'kernels', 'testing']],
  ['Import all of it by one name', ['lapstrake']]
]

/**
 * The index of the API, as Markdown: by what one wants, each package with the functions and classes that it has.
 *
 * @param namesOf what a page describes
 * @throws Error for a package that no want leads to
 */
export function apiIndex(
  libraries: readonly Package[],
  namesOf: (page: string) => readonly { readonly kind: string; readonly name: string }[]
): string {
  const forgotten = libraries.filter(({ page }) => !wants.some(([, pages]) => pages.includes(page)))
  if (forgotten.length > 0)
    throw new Error(`api: expected a want that leads to ${forgotten[0]!.name}. Add it to src/docs/api-index.ts.`)
  const one = ({ name, page, description }: Package): string => {
    const links = namesOf(page)
      .filter(({ kind }) => ['Functions', 'Classes', 'Variables'].includes(kind))
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ name }) => `[\`${name.replace('()', '')}\`](./${page}.md#${anchorOf(name)})`)
    return [`**[${name}](./${page}.md)** ${description.replace(/\.?$/, '.')}`, links.join(', ')]
      .filter(part => part !== '')
      .join('\n\n')
  }
  const sections = wants.map(([want, pages]) =>
    [`## ${want}`, ...libraries.filter(({ page }) => pages.includes(page)).map(one)].join('\n\n')
  )
  return `# API

Every function of every package, by what you want to do. [Which package to install](/guide/install) is another question,
and [papers](/papers) lists what implements an equation.

${sections.join('\n\n')}
`
}

const anchorOf = (name: string): string => name.replace('()', '').toLowerCase()
