export interface PageError {
  readonly code: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  readonly id: string
}

/**
 * An error for a person whose browser asked for a page.
 * @param mount the path below which the audit log answers; empty at the root
 */
export function errorPage({ code, message, detail, hint, id }: PageError, mount: string): string {
  const lines = [detail, hint].filter((line) => line !== undefined).map((line) => `<p>${escaped(line)}</p>`)
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escaped(message)}</title>
<h1>${escaped(message)}</h1>
${lines.join('\n')}
<p><a href="${escaped(mount)}/company/audit-log">Go to the audit log</a></p>
<p><small>${escaped(code)} ${escaped(id)}</small></p>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
