import type { Request, Response } from 'express'
import type { Cookies } from './cookies.ts'

/** A line that the next page shows once. */
export type Flash = {
  readonly say: (response: Response, text: string) => Promise<void>
  readonly take: (request: Request, response: Response) => Promise<string | null>
}

const cookieName = 'konsultboard_flash'

/** Makes the line that the next page shows once. It lives in a signed cookie, so that nobody else can put words there. */
export const makeFlash = (cookies: Cookies): Flash => ({
  // A cookie holds four thousand bytes, and a name may be long.
  say: (response, text) => cookies.write(response, cookieName, { text: text.slice(0, 300).toWellFormed() }, 60),
  take: async (request, response) => {
    const claims = await cookies.read(request, cookieName)
    if (typeof claims?.text !== 'string') return null
    cookies.drop(response, cookieName)
    return claims.text
  },
})
