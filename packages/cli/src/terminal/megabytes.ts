/** Bytes of memory as every readout tells them, as in `24.6 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
