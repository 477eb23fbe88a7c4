const fallbacks = ['#2563eb', '#0d9488', '#b45309', '#be123c', '#7c3aed', '#475569']

/** The colour of a unit, by its place among them, as CSS: the same in every drawing. */
export const unitColour = (unit: number): string => `var(--ls-unit-${unit % fallbacks.length}, ${fallbacks[unit % fallbacks.length]})`

/** The same for a canvas, which knows no variables. */
export const unitPaint = (element: Element, unit: number): string =>
  getComputedStyle(element).getPropertyValue(`--ls-unit-${unit % fallbacks.length}`).trim() || fallbacks[unit % fallbacks.length]!

/** The colour of a class among others, readable on light and dark ground; grey for no class. */
export const classColour = (label: number, classes: number): string =>
  label < 0 ? '#8a8f98' : `hsl(${Math.round(360 * label / Math.max(1, classes))} ${label % 2 === 0 ? 70 : 55}% ${label % 2 === 0 ? 48 : 60}%)`
