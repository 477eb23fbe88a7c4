import { galleryScript } from './gallery-script.ts'
import { escaped, htmlPage } from './html-page.ts'

/** An image of a page. */
export interface GalleryImage {
  readonly name: string
  /** Where images have classes. */
  readonly label: string | undefined
  /** An address that holds the picture. */
  readonly thumbnail: string
}

/** The number of an image on the page, and its cosine to another. */
export type Near = readonly [image: number, cosine: number]

/** An image and what is near it, for a network and for pixels. */
export interface GalleryQuery {
  readonly image: number
  readonly network: readonly Near[]
  readonly pixels: readonly Near[]
}

/** What a page of images shows. */
export interface Gallery {
  readonly images: readonly GalleryImage[]
  readonly queries: readonly GalleryQuery[]
  /** The same on the plane. */
  readonly map: readonly (GalleryQuery & { readonly x: number; readonly y: number })[]
  /** Groups of near-duplicates, by their numbers. */
  readonly groups: readonly (readonly number[])[]
  readonly counts: {
    readonly images: number
    /** That could not be read. */
    readonly left: number
    /** Of near-duplicates, shown or not. */
    readonly groups: number
    readonly duplicates: number
    readonly largest: number
  }
}

/** Groups of near-duplicates that are shown. */
export const groupsShown = 24
/** Images of a group that are shown. */
export const ofAGroup = 12

/** What the page says of what it shows. */
export interface GalleryWords {
  readonly run: string
  readonly stage: string
  readonly folder: string
  readonly duplicates: number
  /** Height and width of the pixels that are compared. */
  readonly pixelLength: number
}

/** One page that needs nothing but itself: neighbours, near-duplicates and a map of images. */
export function galleryPage(gallery: Gallery, words: GalleryWords): string {
  const { counts, map, groups, queries, images } = gallery
  const { run, stage, folder, duplicates, pixelLength } = words
  const left = counts.left === 0 ? '' : ` ${counts.left} could not be read and are left out.`
  const part =
    map.length === counts.images ? 'all of them' : `${map.length} of ${counts.images}, spread evenly over the folder`
  const among = `what is nearest to it among ${counts.images}`
  const marked = images.some(({ label }) => label !== undefined) ? ' A green line marks one of the same class.' : ''
  return htmlPage(
    `${run}: neighbours in ${folder}`,
    `<style>${style}</style>
<h1>What ${escaped(run)} finds alike</h1>
<p>${imagesSaid(counts.images)} of ${escaped(folder)}, compared by the features of stage ${escaped(stage)}: the cosine
stands below each image, 1 for the same direction. Beside them, what pixels alone find: the images at ${pixelLength} ×
${pixelLength}.${left}</p>
<noscript><p class="note">This page draws itself with a script that it holds; it loads nothing. Allow it to
run.</p></noscript>
<p class="quiet" id="agreement"></p>
<h2>Nearest neighbours</h2>
<p>${queries.length === 1 ? 'One image and' : `${queries.length} images, each with`} ${among}.${marked}</p>
<fieldset class="row"><legend class="quiet">Neighbours by</legend>
<label><input type="radio" name="by" value="both" checked> both</label>
<label><input type="radio" name="by" value="network"> the network</label>
<label><input type="radio" name="by" value="pixels"> raw pixels</label></fieldset>
<div id="queries"></div>
<h2>Map</h2>
<p>${imagesSaid(map.length)} on the plane: ${part}. Those that the network finds alike lie together (UMAP). Choose one
to see its neighbours among those on the map; Ctrl and the wheel zoom.</p>
<div class="map"><canvas id="map" tabindex="0" role="img" aria-label="Map of ${imagesSaid(map.length)}"></canvas>
<div id="hover" hidden></div></div>
<p class="tools"><button type="button" id="in" aria-label="Zoom in">+</button>
<button type="button" id="out" aria-label="Zoom out">−</button><button type="button" id="whole">Whole map</button>
<label>Image <select id="choice"></select></label></p>
<div id="chosen" aria-live="polite"></div>
<h2>Near-duplicates</h2>
<p>${saidGroups(counts, groups.length, duplicates)}</p>
<div id="groups"></div>
<script type="application/json" id="data">${json(gallery)}</script>
<script>${galleryScript}</script>`
  )
}

function saidGroups({ images, groups, duplicates, largest }: Gallery['counts'], shown: number, least: number): string {
  const bound = `a cosine of ${least} or above to one of the eight nearest`
  if (groups === 0) return `No image has ${bound}.`
  const all = groups === 1 ? 'one group' : `${groups} groups, the largest of ${largest},`
  const which = shown < groups ? `the ${shown} groups with the most similar pairs` : 'all of them'
  const coarse =
    largest > Math.max(ofAGroup, images / 20)
      ? ' So large a group says more of the network than of the images: a higher --duplicates tells them apart.'
      : ''
  const each = `at most ${ofAGroup} images of each`
  return `${duplicates} images in ${all} have ${bound}. Shown are ${which}, ${each}.${coarse}`
}

/** So many images, in words. */
export const imagesSaid = (count: number): string => (count === 1 ? '1 image' : `${count} images`)

/** Data within a page: no text ends the script that holds them. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')

const style = `
.query { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: .3rem 1rem; align-items: start;
  border-top: 1px solid var(--line); padding: .8rem 0 }
.thumbs { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.2rem, 1fr)); gap: .4rem; margin: 0 0 .5rem }
.thumbs.all { margin: .6rem 0 1.4rem }
.shot { margin: 0; min-width: 0; font-size: .75rem; line-height: 1.3; color: var(--quiet) }
.shot img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 4px;
  background: var(--line); box-sizing: border-box }
.shot span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.shot.same img { border-bottom: 4px solid #2e9e5b } .by { font-size: .8rem; color: var(--quiet) }
fieldset { border: 0; margin: 0 0 .6rem; padding: 0 } fieldset.row { gap: .3rem 1.4rem } legend { padding: 0 }
[data-by=network] .pixels, [data-by=pixels] .network { display: none }
.map { position: relative } canvas { display: block; width: 100%; box-sizing: border-box; cursor: crosshair;
  border: 1px solid var(--line); border-radius: 6px }
#hover { position: absolute; pointer-events: none; width: 6rem; padding: .4rem; background: Canvas;
  border: 1px solid var(--line); border-radius: 6px }
.tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
.tools label { display: flex; gap: .5rem; align-items: center; min-width: 0 }
button, select { font: inherit; min-height: 2.6rem; min-width: 2.6rem; padding: 0 .7rem; max-width: 60vw }
h1, p { overflow-wrap: anywhere }
@media (min-width: 50rem) { .thumbs { grid-template-columns: repeat(auto-fill, minmax(6rem, 1fr)) } }
@media (max-width: 30rem) { .query { grid-template-columns: 4.6rem minmax(0, 1fr) } }`
