/** A larger file is not read into memory for it. */
const mostBytes = 2 ** 28

/**
 * The SHA-256 of a file as `sha256sum` prints it; null where this browser or the size of the file does not allow it.
 * Browsers offer it to pages that came over TLS or from this machine.
 */
export const fileHash = async (file: Blob): Promise<string | null> => {
  if (!window.isSecureContext || file.size > mostBytes) return null
  const hash = await crypto.subtle.digest('SHA-256', await file.arrayBuffer())
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
