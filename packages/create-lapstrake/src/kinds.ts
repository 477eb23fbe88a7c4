/** The plugins that can be begun here, each from a template of its name. */
export const kinds = ['loss', 'isolation', 'stage'] as const

export type Kind = (typeof kinds)[number]

export const isKind = (word: string): word is Kind => (kinds as readonly string[]).includes(word)
