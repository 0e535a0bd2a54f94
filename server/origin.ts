/** Whether a text is one origin of a web page, such as `https://app.example.com`, and no pattern for several. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && /^https?:/.test(text) && !text.includes('*')
}
