import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { documents } from './src/documents.ts'

/** Writes down which GraphQL documents the screens send, for a server that answers no others. */
const listDocuments: Plugin = {
  name: 'list-documents',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'graphql-documents.json', source: JSON.stringify(documents) })
  },
}

/** Builds the screens into admin-ui/dist; while developing, passes data requests on to a running server. */
export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the log can be mounted under any path; server/screens.ts completes the addresses of the page.
  base: './',
  plugins: [react(), listDocuments],
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
      ['/graphql', '/export', '/session', '/views', '/recording', '/question', '/demo'].map((path) => [path, 'http://127.0.0.1:5050']),
    ),
  },
})
