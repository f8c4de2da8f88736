import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Where `make run` serves; another place: GATEWAY=http://host:8000 make start-web
const gateway = process.env['GATEWAY'] ?? 'http://localhost:8000'

export default defineConfig({
  plugins: [react()],
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
