export interface ServeOptions {
  readonly folder?: string | undefined
  readonly port?: number
  readonly isolated?: boolean
}

/** Serves a folder on a port, any free one for 0; the built site when nothing is said. */
export function serve(options?: ServeOptions): Promise<{ readonly url: string; close(): Promise<void> }>
