const fallbacks = ['#2563eb', '#0d9488', '#b45309', '#be123c', '#7c3aed', '#475569']

/** The colour of a unit, by its place among them, as CSS: the same in every drawing. */
export const unitColour = (unit: number): string =>
  `var(--ls-unit-${unit % fallbacks.length}, ${fallbacks[unit % fallbacks.length]})`

/** The same for a canvas, which knows no variables. */
export const unitPaint = (element: Element, unit: number): string =>
  getComputedStyle(element)
    .getPropertyValue(`--ls-unit-${unit % fallbacks.length}`)
    .trim() || fallbacks[unit % fallbacks.length]!

const classColours = [
  '#4e79a7',
  '#f28e2b',
  '#e15759',
  '#59a14f',
  '#b07aa1',
  '#d4a81c',
  '#3fa7a0',
  '#e377a2',
  '#9c755f',
  '#7f8c9a'
]

/** The colour of a class, visible on light and dark ground; more than ten take hues that are far from the last. */
export const classColour = (label: number): string =>
  label < 0 ? '#8a8f98' : (classColours[label] ?? `hsl(${(label * 137) % 360} 55% 55%)`)
