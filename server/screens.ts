import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import express, { static as serveFolder, type Router } from 'express'
import { withAppearance, type Appearance } from './appearance.ts'
import { Refusal } from './refusal.ts'

/** Where the build of admin-ui puts the screens. */
export const builtScreens = fileURLToPath(new URL('../admin-ui/dist', import.meta.url))

/**
 * Serves the built screens. Their page is told where the audit log is mounted: its own addresses are written for that
 * path, and `<meta name="audit-log-mount">` names it to the scripts.
 * @param folder with index.html and assets/
 */
export function serveScreens(folder: string, appearance: Appearance): Router {
  const router = express.Router()
  router.use(serveFolder(folder, {
    index: false, redirect: false, dotfiles: 'ignore',
    setHeaders: (response, path) => {
      response.setHeader('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  }))
  router.get(['/', '/company{/*page}'], async (request, response) => {
    const page = await readFile(`${folder}/index.html`, 'utf8').catch((cause: unknown) => {
      throw new Refusal({ status: 503, code: 'NOT_BUILT', message: 'The screens are not built.', hint: 'npm start builds them.', cause })
    })
    response.set('cache-control', 'no-cache').type('html').send(mountedAt(request.baseUrl, withAppearance(appearance, page)))
  })
  return router
}

/** The page for a path without a slash at its end, such as `/audit`; empty at the root. */
export function mountedAt(path: string, page: string): string {
  const safe = path.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return page
    .replaceAll(/(\s(?:href|src)=")\.?\/(?!\/)/g, (_all, attribute: string) => `${attribute}${safe}/`)
    .replace('<head>', () => `<head>\n    <meta name="audit-log-mount" content="${safe}/" />`)
}
