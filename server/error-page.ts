export interface PageError {
  readonly code: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  readonly id: string
}

/** An error for a person whose browser asked for a page. */
export function errorPage({ code, message, detail, hint, id }: PageError): string {
  const lines = [detail, hint].filter((line) => line !== undefined).map((line) => `<p>${escaped(line)}</p>`)
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(message)}</title>
<h1>${escaped(message)}</h1>
${lines.join('\n')}
<p><small>${escaped(code)} ${escaped(id)}</small></p>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
