import DarkModeOutlined from '@mui/icons-material/DarkModeOutlined'
import LightModeOutlined from '@mui/icons-material/LightModeOutlined'
import LogoutOutlined from '@mui/icons-material/LogoutOutlined'
import Translate from '@mui/icons-material/Translate'
import { Box, Button, IconButton, Link as TextLink, styled, Typography } from '@mui/material'
import { type ReactNode, useEffect } from 'react'
import { type CoreLayoutProps, useDataProvider, useSetLocale, useTheme } from 'react-admin'
import { useLocation } from 'react-router-dom'
import { AccessGate } from '../access/access-gate.tsx'
import { NotSignedOut } from '../access/not-signed-out.tsx'
import { useOtherViewer } from '../access/other-viewer.ts'
import { forgetSignOut, isLeaving, signOut, useSignOut } from '../access/sign-out.ts'
import { useViewerIfKnown } from '../access/use-viewer.ts'
import type { AuditDataProvider } from '../data-provider.ts'
import { addressOf } from '../request/address.ts'
import { appearance } from './appearance.ts'
import { Banners } from './banners.tsx'
import { logPath, recordingPlace } from './place.ts'
import { locales, tagOf } from '../text/locale.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'

const Bar = styled('header')(({ theme }) => ({
  display: 'flex',
  alignItems: 'center',
  gap: 8,
  minHeight: 48,
  padding: '6px max(16px, calc((100% - 1120px) / 2))',
  background: theme.palette.background.paper,
  borderBottom: `1px solid ${theme.palette.divider}`,
}))

const Place = styled('div')({
  display: 'flex',
  alignItems: 'center',
  gap: 8,
  flex: 1,
  minWidth: 0,
  '& > *': { display: 'flex', alignItems: 'center', gap: 8, minWidth: 0, color: 'inherit', textDecoration: 'none' },
  '& > a:hover bdi': { textDecoration: 'underline' },
})

/** Logo and company, which lead back to the application. */
const Home = ({ children }: { children: ReactNode }) => {
  const text = useText()
  return (
    <Place>
      {appearance.home === null ? <span>{children}</span> : <a href={appearance.home} title={text('place.back')}>{children}</a>}
    </Place>
  )
}

const SkipLink = styled('a')(({ theme }) => ({
  position: 'absolute',
  left: 8,
  top: -60,
  zIndex: 1,
  padding: '8px 12px',
  borderRadius: 6,
  color: theme.palette.primary.contrastText,
  background: theme.palette.primary.main,
  '&:focus': { top: 6 },
}))

const Path = styled('ol')(({ theme }) => ({
  display: 'flex',
  flexWrap: 'wrap',
  margin: 0,
  padding: 0,
  listStyle: 'none',
  fontSize: '0.8125rem',
  color: theme.palette.text.secondary,
  '& li + li::before': { content: '"›" / ""', marginInline: 8 },
  '& [aria-current]': { color: theme.palette.text.primary },
}))

/** The page is made anew in the other language, and the button with it: it takes the focus back. */
let hasSwitched = false

const LanguageButton = () => {
  const text = useText()
  const locale = useReadersLocale()
  const setLocale = useSetLocale()
  useEffect(() => {
    hasSwitched = false
  }, [])
  const other = locales[(locales.indexOf(locale) + 1) % locales.length] ?? locale
  return (
    <Button
      color="inherit"
      startIcon={<Translate />}
      lang={other}
      title={text('shell.language')}
      autoFocus={hasSwitched}
      onClick={() => {
        hasSwitched = true
        void setLocale(other)
      }}
    >
      {text(`shell.languages.${other}`)}
    </Button>
  )
}

const SignOutButton = () => {
  const text = useText()
  const dataProvider = useDataProvider<AuditDataProvider>()
  // There is this button only for who is signed in.
  useEffect(forgetSignOut, [])
  return (
    <IconButton color="inherit" aria-label={text('shell.sign_out')} title={text('shell.sign_out')} onClick={() => void signOut(dataProvider)}>
      <LogoutOutlined fontSize="small" />
    </IconButton>
  )
}

const ThemeButton = () => {
  const text = useText()
  const [theme, setTheme] = useTheme()
  const other = theme === 'dark' ? 'light' : 'dark'
  const label = text(`shell.to_${other}`)
  return (
    <IconButton color="inherit" aria-label={label} title={label} onClick={() => setTheme(other)}>
      {other === 'dark' ? <DarkModeOutlined fontSize="small" /> : <LightModeOutlined fontSize="small" />}
    </IconButton>
  )
}

/** What the tab of the browser says: the page or entry first, since of many tabs only the beginning is seen. */
const titleOf = (pathname: string, name: string, text: ReturnType<typeof useText>): string => {
  const place = pathname.slice(logPath.length + 1)
  if (place === recordingPlace) return `${text('recording.title')} · ${name}`
  return /^\d+$/.test(place) ? `${text('detail.title', { id: place })} · ${name}` : name
}

/** The page around the log: company and person on top, the path, and the log or why it cannot be seen. */
export const Shell = ({ children }: CoreLayoutProps): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const leave = useSignOut()
  const known = useViewerIfKnown()
  const viewer = useOtherViewer() || isLeaving(leave) ? undefined : known
  const name = appearance.name ?? text('product.name')
  const title = titleOf(useLocation().pathname, name, text)
  useEffect(() => {
    document.documentElement.lang = tagOf(locale)
    document.title = title
  }, [locale, title])
  return (
    <Box sx={{ minHeight: '100vh', bgcolor: 'background.default', color: 'text.primary' }}>
      <SkipLink href="#content">{text('place.skip')}</SkipLink>
      <Bar>
        <Home>
          <img src={addressOf('icon.svg')} alt="" width={24} height={24} />
          <Typography component="bdi" variant="body2" noWrap sx={{ fontWeight: 600 }}>
            {visible(viewer?.companyName ?? name)}
          </Typography>
        </Home>
        {viewer?.viewerName && (
          <Typography
            component="bdi"
            variant="caption"
            color="textSecondary"
            noWrap
            title={text('shell.viewer', { name: viewer.viewerName })}
            sx={{ display: { xs: 'none', sm: 'block' }, maxWidth: 220, marginInlineEnd: 1 }}
          >
            {visible(viewer.viewerName)}
          </Typography>
        )}
        <LanguageButton />
        <ThemeButton />
        {viewer && viewer.access !== 'not_signed_in' && <SignOutButton />}
      </Bar>
      <Banners />
      <Box
        component="main"
        id="content"
        tabIndex={-1}
        sx={{ maxWidth: 1152, mx: 'auto', px: 2, pt: 2, pb: 8, outline: 'none' }}
      >
        <nav aria-label={text('place.label')}>
          <Path>
            <li>{text('place.administration')}</li>
            <li>{appearance.home === null ? text('place.company') : <TextLink color="inherit" href={appearance.home}>{text('place.company')}</TextLink>}</li>
            <li>
              <span aria-current="page">{name}</span>
            </li>
          </Path>
        </nav>
        {isLeaving(leave) ? <NotSignedOut state={leave} /> : <AccessGate hasSignedOut={leave.step === 'done'}>{children}</AccessGate>}
      </Box>
    </Box>
  )
}
