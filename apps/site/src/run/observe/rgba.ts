/** Pixels of one or three channels as a canvas takes them, each value times `scale`. */
export function rgba(values: ArrayLike<number>, channels: 1 | 3, scale: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray((values.length / channels) * 4).fill(255)
  for (let i = 0; i < values.length / channels; i++) {
    for (let channel = 0; channel < 3; channel++)
      pixels[4 * i + channel] = scale * values[i * channels + (channel % channels)]!
  }
  return pixels
}
