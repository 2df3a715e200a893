import './look/fonts.css';
import './look/tokens.css';
import './look/base.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { callHost } from './page/call-host.js';
import { enterPage, takeCode } from './page/enter-page.js';
import { createPageCache } from './page/page-queries.js';
import { startTexts } from './texts/start-texts.js';

async function start(element: HTMLElement | null): Promise<void> {
  if (element === null) throw new Error('The page has no place to be shown in');
  const code = takeCode(location, history);
  const [texts] = await Promise.all([startTexts(navigator.languages.join(',')), enterPage(code, callHost)]);
  createRoot(element).render(<App texts={texts} cache={createPageCache()} call={callHost} />);
}

void start(document.getElementById('page'));
