import { expect, test } from 'vitest'
import { galleryPage, type Gallery } from './gallery-page.ts'

const hostile = '</script><img src=x onerror=alert(1)>.png'
const near = { network: [[1, 0.5]], pixels: [[1, 0.25]] } as const
const gallery: Gallery = {
  images: [
    { name: hostile, label: undefined, thumbnail: 'data:image/webp;base64,' },
    { name: 'b.png', label: undefined, thumbnail: '' }
  ],
  queries: [{ image: 0, ...near }],
  map: [{ image: 0, x: 1, y: 2, ...near }],
  groups: [[0, 1]],
  counts: { images: 2, left: 0, groups: 30, duplicates: 90, largest: 40 }
}
const words = { run: 'a <b>', stage: 'res5', folder: hostile, duplicates: 0.99, pixelLength: 16 }

test('names of files end no script and open no element, and come back as they are', () => {
  const page = galleryPage(gallery, words)
  expect(page.match(/<\/script>/g)).toHaveLength(2)
  expect(page).not.toContain('<img src=x')
  expect(page).toContain('<h1>What a &#60;b&#62; finds alike</h1>')
  expect(JSON.parse(/id="data">(.*?)<\/script>/s.exec(page)![1]!)).toEqual(JSON.parse(JSON.stringify(gallery)))
})

test('what is not shown is said, and that a large group says little', () => {
  const page = galleryPage(gallery, words)
  expect(page).toContain('1 image on the plane: 1 of 2, spread evenly over the folder.')
  expect(page).toContain('90 images in 30 groups, the largest of 40, have a cosine of 0.99 or above')
  expect(page).toContain('Shown are the 1 groups with the most similar pairs, at most 12 images of each.')
  expect(page).toContain('a higher --duplicates tells them apart')
  const none = galleryPage({ ...gallery, counts: { images: 1, left: 3, groups: 0, duplicates: 0, largest: 0 } }, words)
  expect(none).toContain('No image has a cosine of 0.99 or above to one of the eight nearest.')
  expect(none).toContain('3 could not be read and are left out.')
  expect(none).toContain('1 image on the plane: all of them.')
})
