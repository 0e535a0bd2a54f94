/** A larger file is not read into memory for it. */
const mostBytes = 2 ** 28

/** Browsers offer it to pages that came over TLS or from this machine. */
const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle

/** The SHA-256 of a file as `sha256sum` prints it; null where this browser or the size of the file does not allow it. */
export const fileHash = async (file: Blob): Promise<string | null> => {
  if (subtle === undefined || file.size > mostBytes) return null
  const hash = await file.arrayBuffer().then((bytes) => subtle.digest('SHA-256', bytes)).catch(() => null)
  return hash && [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
