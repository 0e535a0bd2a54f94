import { nanoDarkTheme, nanoLightTheme, type RaThemeOptions } from 'react-admin'
import { appearance } from './appearance.ts'

/** Colours of what happened: deletions and exports differ in their icon as well, never in colour alone. */
export type Tones = {
  readonly text: string
  readonly ground: string
  /** The bars of a chart: 3:1 on paper is enough for them, and calmer than the text. */
  readonly mark: string
}

declare module '@mui/material/styles' {
  interface Palette {
    deletion: Tones
    export: Tones
    mark: string
  }
  interface PaletteOptions {
    deletion: Tones
    export: Tones
    mark: string
  }
}

const font = '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif'

/** Where the person chooses the colours, as in the high contrast of Windows, grounds are gone: lines and colours of the system say what they said. */
export const forcedColors = '@media (forced-colors: active)'

const themed = (base: typeof nanoLightTheme, palette: NonNullable<RaThemeOptions['palette']>): RaThemeOptions => ({
  ...base,
  palette: { contrastThreshold: 4.5, ...palette },
  shape: { borderRadius: 6 },
  typography: {
    fontFamily: font,
    fontSize: 14,
    h1: { fontSize: '1.5rem', fontWeight: 650, lineHeight: 1.3, letterSpacing: '-0.012em' },
    h2: { fontSize: '0.8125rem', fontWeight: 600, lineHeight: 1.4 },
    h3: { fontSize: '0.8125rem', fontWeight: 600, lineHeight: 1.4 },
    body1: { fontSize: '0.9375rem', lineHeight: 1.5 },
    body2: { fontSize: '0.875rem', lineHeight: 1.5 },
    caption: { fontSize: '0.8125rem', lineHeight: 1.4 },
    button: { textTransform: 'none', fontWeight: 500 },
  },
  components: {
    ...base.components,
    MuiCssBaseline: {
      styleOverrides: {
        body: { WebkitFontSmoothing: 'antialiased', overflowWrap: 'anywhere' },
        ':focus-visible': focusRing(palette),
        mark: { backgroundColor: palette.mark, color: 'inherit', borderRadius: 2, [forcedColors]: { backgroundColor: 'Mark', color: 'MarkText' } },
        // What stands in a thousand lines has its style here, once, and none of its own.
        '.name': { fontWeight: 600 },
        '.glyph': { display: 'block', flex: 'none' },
        '.action-icon': {
          display: 'inline-grid',
          placeItems: 'center',
          flex: 'none',
          width: 28,
          height: 28,
          borderRadius: '50%',
          fontSize: 17,
          color: secondaryOf(palette),
          background: palette.action?.hover ?? 'none',
          '&[data-tone=deletion]': { color: palette.deletion.text, background: palette.deletion.ground },
          '&[data-tone=export]': { color: palette.export.text, background: palette.export.ground },
        },
        // An entry is printed as a page of its own, ink on paper also by night; without one open, the list is.
        '@media print': {
          ':root': { colorScheme: 'light !important' },
          '*': { color: '#000 !important', background: 'none !important', boxShadow: 'none !important' },
          'body:has(.MuiDrawer-modal)': { overflow: 'visible !important' },
          'body:has(.MuiDrawer-modal) #root, .MuiBackdrop-root, .MuiDrawer-root .MuiButtonBase-root:not(.MuiChip-root)': { display: 'none !important' },
          '.MuiDrawer-root, .MuiDrawer-root .MuiDrawer-paper': { position: 'static !important', width: '100% !important', height: 'auto', overflow: 'visible', border: 0 },
        },
        '@media (prefers-reduced-motion: reduce)': {
          '*, *::before, *::after': { animation: 'none !important', transition: 'none !important' },
        },
      },
    },
    MuiButtonBase: {
      defaultProps: { disableRipple: true },
      // Without the ripple this is all that shows where the keyboard is.
      styleOverrides: { root: { '&:focus-visible, &.Mui-focusVisible': focusRing(palette) } },
    },
    MuiButton: {
      defaultProps: { size: 'small', disableElevation: true },
      styleOverrides: {
        root: { minHeight: 34, paddingInline: 12, fontSize: '0.875rem' },
        contained: { [forcedColors]: { border: '1px solid ButtonText' } },
      },
    },
    MuiIconButton: {
      defaultProps: { size: 'small' },
      styleOverrides: { root: { borderRadius: 6, minWidth: 32, minHeight: 32 } },
    },
    MuiTextField: { defaultProps: { size: 'small', variant: 'outlined' } },
    MuiOutlinedInput: {
      styleOverrides: {
        input: {
          padding: '7px 10px',
          fontSize: '0.875rem',
          '&::placeholder': { color: secondaryOf(palette), opacity: 1 },
        },
        notchedOutline: { borderColor: palette.divider ?? 'currentColor' },
      },
    },
    MuiInputBase: {},
    MuiInputLabel: { styleOverrides: { root: { fontSize: '0.875rem' } } },
    MuiFormHelperText: { styleOverrides: { root: { marginInline: 0, fontSize: '0.8125rem' } } },
    MuiFormControl: { defaultProps: { size: 'small' } },
    MuiMenuItem: { styleOverrides: { root: { fontSize: '0.875rem', minHeight: 34, padding: '4px 14px' } } },
    MuiChip: { defaultProps: { variant: 'outlined', size: 'small' } },
    MuiTooltip: { defaultProps: { describeChild: true } },
    // By night the library would lay a grey veil over what floats; here a line parts it from what is below.
    MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiPopover: { styleOverrides: { paper: { border: `1px solid ${palette.divider ?? 'currentColor'}` } } },
    MuiDialog: { styleOverrides: { paper: { border: `1px solid ${palette.divider ?? 'currentColor'}` } } },
    MuiDialogTitle: { styleOverrides: { root: { fontSize: '1.125rem', fontWeight: 650 } } },
  },
})

const secondaryOf = (palette: NonNullable<RaThemeOptions['palette']>): string =>
  palette.text?.secondary ?? 'currentColor'

const focusRing = ({ primary }: NonNullable<RaThemeOptions['palette']>) => ({
  outline: `2px solid ${primary !== undefined && 'main' in primary ? primary.main : 'currentColor'}`,
  outlineOffset: 1,
})

/** Calm by day: ink on paper, one blue. */
export const lightTheme = themed(nanoLightTheme, {
  mode: 'light',
  primary: { main: appearance.colour ?? '#24527a' },
  secondary: { main: '#566270' },
  error: { main: '#a8322d' },
  warning: { main: '#8a5a00' },
  info: { main: appearance.colour ?? '#24527a' },
  success: { main: '#1d6b5f' },
  background: { default: '#f5f6f8', paper: '#ffffff' },
  text: { primary: '#1c2530', secondary: '#566270' },
  divider: '#dfe3e8',
  action: { hover: '#f2f5f8', selected: '#e6ecf2' },
  deletion: { text: '#a8322d', ground: '#fbeceb', mark: '#d07d76' },
  export: { text: '#1d6b5f', ground: '#e4f2ef', mark: '#3f9485' },
  mark: '#ffe9a8',
})

/** The same by night. */
export const darkTheme = themed(nanoDarkTheme, {
  mode: 'dark',
  primary: { main: appearance.darkColour ?? '#8fbce6' },
  secondary: { main: '#9aa6b2' },
  error: { main: '#f0938c' },
  warning: { main: '#e5b567' },
  info: { main: appearance.darkColour ?? '#8fbce6' },
  success: { main: '#7fd0c0' },
  background: { default: '#0f1419', paper: '#171d24' },
  text: { primary: '#e4e9ef', secondary: '#9aa6b2' },
  divider: '#2b343e',
  action: { hover: '#1d252d', selected: '#26313c' },
  deletion: { text: '#f0938c', ground: '#3a2021', mark: '#c8706a' },
  export: { text: '#7fd0c0', ground: '#14332e', mark: '#5bb3a2' },
  mark: '#6b5413',
})
