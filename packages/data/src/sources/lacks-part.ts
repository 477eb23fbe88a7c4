/** Data that are there, but for the part that was asked for: most often they have nothing to test with. */
export class LacksPart extends Error {
  override readonly name = 'LacksPart'
}
