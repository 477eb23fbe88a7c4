import { transformerTwoslash } from '@shikijs/vitepress-twoslash'
import ts from 'typescript'
import type { MarkdownOptions } from 'vitepress'
import { root } from './packages.ts'

type CodeTransformer = NonNullable<MarkdownOptions['codeTransformers']>[number]

/**
 * Checks code marked `ts twoslash` against the sources, with the options of this repository. Pointing at a name shows
 * its type, as the browser's own tooltip: nothing of it is a script in the page.
 *
 * @throws Error for code with an error, which ends the build
 */
export const typeChecked = (): CodeTransformer =>
  transformerTwoslash({
    renderer: {
      nodeStaticInfo: ({ text }, node) =>
        node.type === 'text'
          ? { type: 'element', tagName: 'span', properties: { title: text }, children: [node] }
          : { ...node, properties: { ...node.properties, title: text } },
      // An error that a snippet is there to show, marked "@errors: 2345".
      lineError: ({ text }) => [
        {
          type: 'element',
          tagName: 'span',
          properties: { class: 'ls-compiler' },
          children: [{ type: 'text', value: text }]
        }
      ]
    },
    throws: true,
    twoslashOptions: {
      vfsRoot: root.slice(0, -1), // with a slash at its end, errors are never found
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        customConditions: ['@lapstrake/source'],
        lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
        types: ['node'],
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        verbatimModuleSyntax: true,
        allowImportingTsExtensions: true,
        noEmit: true,
        skipLibCheck: true
      }
    }
  }) as unknown as CodeTransformer // VitePress has a shiki of its own, older and alike
