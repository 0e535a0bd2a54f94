import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { buildBeside } from './lay-down.ts'
import { documents } from './src/documents.ts'

/** Writes down which GraphQL documents the screens send, for a server that answers no others. */
const listDocuments: Plugin = {
  name: 'list-documents',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'graphql-documents.json', source: JSON.stringify(documents) })
  },
}

/** The licence of the letters, which goes where they go. */
const giveLicence: Plugin = {
  name: 'give-licence',
  async generateBundle() {
    const source = await readFile(new URL('../node_modules/@fontsource-variable/inter/LICENSE', import.meta.url), 'utf8')
    this.emitFile({ type: 'asset', fileName: 'assets/inter-licence.txt', source })
  },
}

/** Fetches the letters of most languages of Europe along with the script, so that no text changes its width once it is seen. */
const preloadLetters: Plugin = {
  name: 'preload-letters',
  transformIndexHtml: {
    order: 'post',
    handler: (_page, { bundle = {} }) =>
      Object.keys(bundle)
        .filter((file) => file.includes('inter-latin-wght-normal'))
        .map((file) => ({
          tag: 'link',
          attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: `./${file}`, crossorigin: true },
          injectTo: 'head' as const,
        })),
  },
}

/** Lays scripts and styles down compressed as well, as small as can be; server/screens.ts serves them so. */
const compress: Plugin = {
  name: 'compress',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!/^assets\/.+\.(js|css|svg)$/.test(fileName)) continue
        const content = Buffer.from(file.type === 'chunk' ? file.code : file.source)
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(content, { level: 9 }) })
        this.emitFile({
          type: 'asset',
          fileName: `${fileName}.br`,
          source: brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
        })
      }
    },
  },
}

/** Builds the screens into admin-ui/dist; while developing, passes data requests on to a running server. */
export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the log can be mounted under any path; server/screens.ts completes the addresses of the page.
  base: './',
  plugins: [react(), listDocuments, giveLicence, preloadLetters, compress, buildBeside(join(import.meta.dirname, 'dist'))],
  build: {
    target: 'es2022',
    // The content security policy allows no data: scripts or styles; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/export', '/session', '/views', '/recording', '/left-out', '/question', '/demo'].map((path) => [path, 'http://127.0.0.1:5050']),
    ),
  },
})
