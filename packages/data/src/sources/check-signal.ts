/**
 * Insists on an AbortSignal, where there is one.
 *
 * @throws TypeError for anything else, such as its controller
 */
export function checkSignal(who: string, signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.aborted === 'boolean') return
  const isController = typeof signal === 'object' && (signal as object | null) !== null && 'signal' in signal
  throw new TypeError(
    `${who}: expected signal to be an AbortSignal, got ${isController ? 'its controller' : 'another record'}. ` +
      'Give controller.signal.'
  )
}
