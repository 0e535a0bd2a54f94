/** Characters that the database keeps of an identifier. */
const longest = 200

/**
 * What the database would do to an identifier that is recorded (audit_private.clean_text): then two that differ would be one in the log.
 * @returns null if it is kept as it is
 */
export function changeOfIdentifier(text: string): string | null {
  const { length } = [...text]
  if (length > longest) return `has ${length} characters, of which ${longest} can be kept`
  if (text === '') return 'is empty'
  if (/\p{Cc}/u.test(text)) return 'holds a control character, such as the end of a line'
  if (text.trim() !== text) return 'begins or ends with a blank'
  return null
}
