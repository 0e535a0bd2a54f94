/** How the screens look inside a host application, where it signs people in and where they go back to it. What is null is the log's own. */
export interface Appearance {
  /** What the log is called, in place of "Audit Log" in the reader's language. */
  readonly name: string | null
  /** Colours of buttons and links by day and by night, as in `#24527a`. */
  readonly colour: string | null
  readonly darkColour: string | null
  /** Page of the host application that signs in and comes back; it gets `?next=` and hands it on to `POST /session`. */
  readonly signInUrl: string | null
  /** Page of the host application to which the screens lead back. */
  readonly homeUrl: string | null
}

/** The grounds of the screens by day and by night, on which a colour must be readable; admin-ui/src/shell/theme.ts has them too. */
export const grounds = { light: ['#ffffff', '#f5f6f8'], dark: ['#171d24', '#0f1419'] } as const

/**
 * Whether text in the colour can be read on each of the grounds: a contrast of 4.5 or more.
 * @see https://www.w3.org/TR/WCAG22/#contrast-minimum
 */
export function isReadable(colour: string, on: readonly string[]): boolean {
  return on.every((ground) => contrast(colour, ground) >= 4.5)
}

/** Whether a name is text that is seen as it is written. Joiners and the forms of emoji may stand in it. */
export function isPlainName(name: string): boolean {
  const seen = name.replace(/[\u200c\u200d\ufe0e\ufe0f]/g, '')
  return seen.trim() !== '' && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u.test(seen)
}

/** The page with what its scripts are to know about it. */
export function withAppearance(appearance: Appearance, page: string): string {
  // A host application in JavaScript may leave some of them out.
  const said: ReadonlyArray<readonly [string, string | null | undefined]> = [
    ['audit-log-name', appearance.name], ['audit-log-colour', appearance.colour],
    ['audit-log-dark-colour', appearance.darkColour], ['audit-log-sign-in', appearance.signInUrl],
    ['audit-log-home', appearance.homeUrl],
  ]
  const lines = said.flatMap(([name, content]) => (content == null ? [] : [`\n    <meta name="${name}" content="${escaped(content)}" />`]))
  return page.replace('<head>', () => `<head>${lines.join('')}`)
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

/** @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
