/** Longer pieces are not looked for: a random one of 17 characters is a secret of its own. */
const longestPiece = 16

/** Whether a secret says one short piece again and again, such as `changemechangeme…`: long as it is, it is guessed like that piece. */
export function isRepetition(secret: string): boolean {
  for (let length = 1; length <= longestPiece && length < secret.length; length += 1) {
    if (secret.slice(length) === secret.slice(0, -length)) return true
  }
  return false
}
