import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Page } from './page'
import { Parts, PartsContext } from './parts'
import './style/type.css'
import './style/ground.css'
import './style/top.css'
import './style/windows.css'
import './style/card.css'
import './style/trending.css'
import './style/generator.css'

const parts = new Parts()
parts.start()

createRoot(document.getElementById('page')!).render(
  <StrictMode>
    <PartsContext value={parts}>
      <Page />
    </PartsContext>
  </StrictMode>,
)
