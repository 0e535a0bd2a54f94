import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Builds the screens into admin-ui/dist; while developing, passes data requests on to a running server. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy allows no data: scripts or styles; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/export', '/session', '/demo'].map((path) => [path, 'http://127.0.0.1:5050']),
    ),
  },
})
