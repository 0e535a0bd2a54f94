/** What a person sees who was signed out by the host application, where that does not say where to go on. */
export const signedOutPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Signed out</title>
<h1>You are signed out of the audit log.</h1>
</html>
`
