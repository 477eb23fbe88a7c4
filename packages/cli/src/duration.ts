/** Seconds as a person says them. */
export const duration = (seconds: number): string => seconds >= 3600
  ? `${Math.floor(seconds / 3600)} h ${Math.round(seconds % 3600 / 60)} min`
  : seconds >= 60 ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s` : `${Math.round(seconds)} s`
