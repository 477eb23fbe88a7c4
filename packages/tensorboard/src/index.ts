export { eventFile, type EventFile, type EventFileOptions } from './event-file.ts'
export { writeProjector, type Projection } from './projector.ts'
export { readScalars, type ScalarEvent } from './read-scalars.ts'
export { histogram, image, scalar, type HistogramOptions, type Pixels, type Summary } from './summaries.ts'
