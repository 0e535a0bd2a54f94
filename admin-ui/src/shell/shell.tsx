import DarkModeOutlined from '@mui/icons-material/DarkModeOutlined'
import LightModeOutlined from '@mui/icons-material/LightModeOutlined'
import Translate from '@mui/icons-material/Translate'
import { Box, Button, IconButton, styled, Typography } from '@mui/material'
import { type ReactNode, useEffect } from 'react'
import { type CoreLayoutProps, useSetLocale, useTheme } from 'react-admin'
import { AccessGate } from '../access/access-gate.tsx'
import { useViewerIfKnown } from '../access/use-viewer.ts'
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

const LanguageButton = () => {
  const text = useText()
  const locale = useReadersLocale()
  const setLocale = useSetLocale()
  const other = locales[(locales.indexOf(locale) + 1) % locales.length] ?? locale
  return (
    <Button
      color="inherit"
      startIcon={<Translate />}
      lang={other}
      title={text('shell.language')}
      onClick={() => void setLocale(other)}
    >
      {text(`shell.languages.${other}`)}
    </Button>
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

/** The page around the log: company and person on top, the path, and the log or why it cannot be seen. */
export const Shell = ({ children }: CoreLayoutProps): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const viewer = useViewerIfKnown()
  useEffect(() => {
    document.documentElement.lang = tagOf(locale)
    document.title = text('product.name')
  }, [locale, text])
  return (
    <Box sx={{ minHeight: '100vh', bgcolor: 'background.default', color: 'text.primary' }}>
      <SkipLink href="#content">{text('place.skip')}</SkipLink>
      <Bar>
        <img src="/icon.svg" alt="" width={24} height={24} />
        <Typography component="bdi" variant="body2" noWrap sx={{ fontWeight: 600, flex: 1, minWidth: 0 }}>
          {visible(viewer?.companyName ?? text('product.name'))}
        </Typography>
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
      </Bar>
      <Box
        component="main"
        id="content"
        tabIndex={-1}
        sx={{ maxWidth: 1152, mx: 'auto', px: 2, pt: 2, pb: 8, outline: 'none' }}
      >
        <nav aria-label={text('place.label')}>
          <Path>
            <li>{text('place.administration')}</li>
            <li>{text('place.company')}</li>
            <li>
              <span aria-current="page">{text('product.name')}</span>
            </li>
          </Path>
        </nav>
        <AccessGate>{children}</AccessGate>
      </Box>
    </Box>
  )
}
