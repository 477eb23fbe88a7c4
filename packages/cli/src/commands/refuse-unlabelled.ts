import type { Dataset } from 'lapstrake'

/** A readout learns to name classes: of data without any it would say so only after it has looked at them all. */
export function refuseUnlabelled({ name, size, labels }: Dataset): void {
  const without = labels?.reduce((count, label) => count + Number(label < 0), 0) ?? 0
  if (without === 0) return
  throw new Error(
    `evaluate: expected examples with labels, got ${without === size ? 'none' : `${size - without} of ${size}`} in ` +
      `${name}. Put images into a folder for each class, or name labelled data with --data.`
  )
}
