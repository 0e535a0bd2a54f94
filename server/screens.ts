import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import express, { static as serveFolder, type RequestHandler, type Router } from 'express'
import { buildScreensHint } from '../db/installation.ts'
import { withAppearance, type Appearance } from './appearance.ts'
import { Refusal } from './refusal.ts'

/** Where the build of admin-ui puts the screens. */
export const builtScreens = fileURLToPath(new URL('../admin-ui/dist', import.meta.url))

const forEver = 'public, max-age=31536000, immutable'
const types: Readonly<Record<string, string>> = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' }
/** The endings that the build gives to its compressed files, the smaller first. */
const endings = { br: '.br', gzip: '.gz' } as const

/**
 * Serves what the build has compressed to whoever takes it: no work for the server, and a third of the bytes for the
 * reader. Where there is no such file, the next handler serves the plain one.
 */
function serveCompressed(folder: string): RequestHandler<{ name: string }> {
  return (request, response, next) => {
    const { name } = request.params
    const [, extension] = /^[\w-][\w.-]*\.(js|css|svg)$/.exec(name) ?? []
    const type = types[extension ?? '']
    if (type === undefined) return next()
    response.vary('Accept-Encoding')
    // Asked one after the other: browsers name gzip first and mean no more by it.
    const encoding = request.acceptsEncodings('br') || request.acceptsEncodings('gzip')
    if (encoding !== 'br' && encoding !== 'gzip') return next()
    const headers = { 'content-encoding': encoding, 'content-type': type, 'cache-control': forEver }
    response.sendFile(`${name}${endings[encoding]}`, { root: join(folder, 'assets'), cacheControl: false, headers }, (error: unknown) => {
      if (!error || response.headersSent) return
      // A part that the compressed file does not have the plain one may have: as if these were its bytes.
      if (Reflect.get(Object(error), 'status') === 416) return next(error)
      for (const name of [...Object.keys(headers), 'etag', 'last-modified', 'accept-ranges']) response.removeHeader(name)
      next()
    })
  }
}

/**
 * Serves the built screens. Their page is told where the audit log is mounted: its own addresses are written for that
 * path, and `<meta name="audit-log-mount">` names it to the scripts.
 * @param folder with index.html and assets/
 */
export function serveScreens(folder: string, appearance: Appearance): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  router.get('/assets/:name', serveCompressed(folder))
  router.use(serveFolder(folder, {
    index: false, redirect: false, dotfiles: 'ignore',
    setHeaders: (response, path) => {
      response.setHeader('cache-control', path.includes('/assets/') ? forEver : 'no-cache')
    },
  }))
  router.get(['/', '/company{/*page}'], async (request, response) => {
    const page = await readFile(`${folder}/index.html`, 'utf8').catch((cause: unknown) => {
      throw new Refusal({ status: 503, code: 'NOT_BUILT', message: 'The screens are not built.', hint: buildScreensHint, headers: { 'retry-after': '30' }, cause })
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
