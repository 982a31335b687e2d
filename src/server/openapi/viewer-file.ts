/** A file of the viewer, as it was installed with the server. */
export type ViewerFile = {
  readonly name: string
  readonly contentType: string
  readonly bytes: Uint8Array
}
