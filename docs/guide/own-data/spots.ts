/** So many images of a bright spot, left or right, as somebody's arrays would be. */
export function spots(count: number): { readonly images: Float32Array; readonly labels: string[] } {
  const images = new Float32Array(count * 16 * 16)
  for (let image = 0; image < count; image++) {
    const [row, column] = [4 + ((image * 3) % 8), (image % 2 === 0 ? 3 : 11) + (image % 3)]
    for (let i = 0; i < 256; i++) {
      const [down, along] = [Math.floor(i / 16) - row, (i % 16) - column]
      images[image * 256 + i] = Math.exp(-(down ** 2 + along ** 2) / 4)
    }
  }
  return { images, labels: Array.from({ length: count }, (_, image) => (image % 2 === 0 ? 'left' : 'right')) }
}
