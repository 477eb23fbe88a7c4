/**
 * What work tells of, as it comes, and at last its result. Whoever leaves the loop waits for the work to end.
 *
 * @param discard frees the result where nobody takes it
 */
export async function* eventsOf<E, R>(
  work: (tell: (event: E) => void) => Promise<R>,
  discard: (result: R) => void = () => {}
): AsyncGenerator<E, R, void> {
  const events: E[] = []
  let wake = (): void => {}
  let over = false
  let taken = false
  const begun = async (): Promise<R> =>
    work(event => {
      events.push(event)
      wake()
    })
  const working = begun().finally(() => {
    over = true
    wake()
  })
  // What fails is thrown below, where somebody listens.
  working.catch(() => {})
  try {
    for (;;) {
      while (events.length > 0) yield events.shift()!
      if (over) break
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    const result = await working
    taken = true
    return result
  } finally {
    if (!taken) await working.then(discard, () => {})
  }
}
