import { deflateSync, inflateSync, strFromU8, strToU8 } from 'fflate'

const name = 'code='

/** A recipe's source as the hash of an address, compressed. */
export const hashOf = (source: string): string => `#${name}${toBase64Url(deflateSync(strToU8(source), { level: 9 }))}`

/**
 * The source that a hash holds; nothing for a hash of another kind.
 *
 * @throws Error for one that is cut off or damaged
 */
export function sourceOf(hash: string): string | undefined {
  if (!hash.startsWith(`#${name}`)) return undefined
  try {
    return strFromU8(inflateSync(fromBase64Url(hash.slice(name.length + 1))))
  } catch (cause) {
    throw new Error(
      'This link should contain an edited recipe, but it is cut off or damaged. This is the original recipe; ' +
        'ask for the link again.',
      { cause }
    )
  }
}

const toBase64Url = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')

const fromBase64Url = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0))
