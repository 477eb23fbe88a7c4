/** The length of each axis. */
export type Shape = readonly number[]
