import { indentWithTab } from '@codemirror/commands'
import { javascript } from '@codemirror/lang-javascript'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { StateEffect, StateField, type Extension } from '@codemirror/state'
import { Decoration, keymap, WidgetType, type DecorationSet } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { basicSetup, EditorView } from 'codemirror'

/** A line of the source, from 1, and what is wrong with it. */
export interface MarkedLine {
  readonly line: number
  readonly message: string
}

export interface CodeEditor {
  text(): string
  replace(source: string): void
  /** Marks a line with a message beneath and brings it into view; nothing takes the mark away. */
  mark(marked?: MarkedLine): void
  destroy(): void
}

const setMark = StateEffect.define<MarkedLine | undefined>()

class Message extends WidgetType {
  constructor(readonly message: string) {
    super()
  }
  override eq(other: Message): boolean {
    return other.message === this.message
  }
  override toDOM(): HTMLElement {
    const element = document.createElement('div')
    element.className = 'ls-line-message'
    element.textContent = this.message
    return element
  }
}

const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(current, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(setMark)) continue
      if (effect.value === undefined) return Decoration.none
      const line = transaction.state.doc.line(Math.min(effect.value.line, transaction.state.doc.lines))
      return Decoration.set([
        Decoration.line({ class: 'ls-line-wrong' }).range(line.from),
        Decoration.widget({ widget: new Message(effect.value.message), block: true, side: 1 }).range(line.to)
      ])
    }
    return current.map(transaction.changes)
  },
  provide: field => EditorView.decorations.from(field)
})

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--ls-code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--ls-code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--ls-code-number)' },
  { tag: [tags.comment], color: 'var(--ls-code-comment)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--ls-code-function)' },
  { tag: [tags.typeName, tags.className], color: 'var(--ls-code-type)' }
])

const look: Extension = EditorView.theme({
  '&': { fontSize: '13.5px', backgroundColor: 'transparent', color: 'var(--vp-c-text-1)' },
  '&.cm-focused': { outline: '2px solid var(--vp-c-brand-1)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--vp-font-family-mono)', lineHeight: '1.65' },
  '.cm-content': { padding: '14px 0', caretColor: 'var(--vp-c-text-1)' },
  '.cm-line': { padding: '0 16px 0 8px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--vp-c-text-2)', border: 'none', paddingLeft: '8px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--vp-c-default-soft)' },
  '.cm-cursor': { borderLeftColor: 'var(--vp-c-text-1)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--vp-c-brand-soft)'
  }
})

/** An editor of TypeScript. Tab indents, and leaves after Escape. */
export function createEditor(
  parent: HTMLElement,
  source: string,
  label: string,
  onChange: (source: string) => void
): CodeEditor {
  const view = new EditorView({
    parent,
    doc: source,
    extensions: [
      basicSetup,
      javascript({ typescript: true }),
      keymap.of([indentWithTab]),
      syntaxHighlighting(colours),
      look,
      marks,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label }),
      EditorView.updateListener.of(update => {
        if (update.docChanged) onChange(update.state.doc.toString())
      })
    ]
  })
  return {
    text: () => view.state.doc.toString(),
    replace: text => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    mark: marked =>
      view.dispatch({
        effects: [
          setMark.of(marked),
          ...(marked === undefined
            ? []
            : [
                EditorView.scrollIntoView(view.state.doc.line(Math.min(marked.line, view.state.doc.lines)).from, {
                  y: 'center'
                })
              ])
        ]
      }),
    destroy: () => view.destroy()
  }
}
