export { crc32c } from './crc32c.ts'
export { openJson, sealJson } from './sealed-json.ts'
