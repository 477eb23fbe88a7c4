import { describeFuzz } from '@lapstrake/testing/node'
import { openJson, sealJson } from './index.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Seals what is JSON anew. */
function restamp(input: Uint8Array): Uint8Array {
  try {
    return encode(sealJson(JSON.parse(decode(input)) as object))
  } catch {
    return input
  }
}

const manifest = {
  name: 'loco',
  seed: 1,
  data: { name: 'cifar-10', examples: 50_000 },
  shape: [32, 32, 3],
  rate: 1e-3,
  done: false,
  recipe: 'import { loco } from "lapstrake"\nexport default loco({ temperature: 0.1 })\n',
  error: null
}

describeFuzz('sealed JSON', {
  inputs: [
    sealJson(manifest, 2),
    sealJson({ step: 3, losses: { unit0: 0.25, unit1: -1e-7 } }),
    sealJson({ ['__proto__']: 'é' })
  ].map(encode),
  read: input => openJson(decode(input), 'manifest.json'),
  restamp,
  allowed: /^manifest\.json: expected JSON as lapstrake wrote it, got .*\.$/s
})
