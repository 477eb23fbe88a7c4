declare module 'jstat' {
  /** The part that is used here. */
  const jStat: { readonly studentt: { cdf(t: number, degreesOfFreedom: number): number } }
  export default jStat
}
