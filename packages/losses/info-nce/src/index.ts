export { infoNCE, infoNCEAgainst, type InfoNCEOptions } from './info-nce.ts'
export { ntXent, type NTXentOptions } from './nt-xent.ts'
