import { hkdfSync } from 'node:crypto'
import type { CookieOptions, Request, Response } from 'express'
import { jwtVerify, SignJWT } from 'jose'
import type { JWTPayload } from 'jose'

/** Signed cookies: what is read is what was written here, not older than it may be, under the same name. */
export type Cookies = {
  readonly write: (response: Response, name: string, claims: JWTPayload, seconds: number) => Promise<void>
  readonly read: (request: Request, name: string) => Promise<JWTPayload | null>
  readonly drop: (response: Response, name: string) => void
}

const valueOf = (request: Request, name: string): string | undefined =>
  request
    .get('cookie')
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)

/** Makes signed cookies. Their key is derived from `secret`, so that a cookie is no token for anybody else. */
export function makeCookies(secret: string): Cookies {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', 'konsultboard cookies', 32))
  const options: CookieOptions = { httpOnly: true, sameSite: 'lax', path: '/' }

  return {
    write: async (response, name, claims, seconds) => {
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience(name)
        .setExpirationTime(`${seconds} s`)
        .sign(key)
      response.cookie(name, token, { ...options, secure: response.req.secure, maxAge: seconds * 1000 })
    },
    read: async (request, name) => {
      const token = valueOf(request, name)
      if (token === undefined) return null
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], audience: name })
        return payload
      } catch {
        // A cookie that is old, forged or from another server is as good as none.
        return null
      }
    },
    drop: (response, name) => {
      response.clearCookie(name, options)
    },
  }
}
