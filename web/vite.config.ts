import { readFileSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

// Where `make run` serves; another place: GATEWAY=http://host:8000 make start-web
const gateway = process.env['GATEWAY'] ?? 'http://localhost:8000'

/** What others wrote goes with its licence: licences.txt, beside the page. */
function licences(...packages: string[]): Plugin {
  const text = (name: string) => readFileSync(new URL(`node_modules/${name}/LICENSE`, import.meta.url), 'utf8')
  const source = packages.map((name) => `${name}\n\n${text(name).trim()}\n`).join('\n\n')
  return {
    name: 'licences',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source })
    },
  }
}

export default defineConfig({
  plugins: [
    react(),
    licences('react', 'react-dom', 'socket.io-client', '@fontsource-variable/fraunces', '@fontsource-variable/instrument-sans'),
  ],
  // The page may be served below any path.
  base: './',
  build: {
    target: 'es2022',
    // One file: three requests more would cost a phone more than they save.
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  // The development server answers as the gateway does: one origin for all but the API, whose
  // address config.json tells.
  server: {
    proxy: {
      '/socket.io': { target: gateway, ws: true },
      '/config.json': gateway,
      '/videos': gateway,
    },
  },
})
