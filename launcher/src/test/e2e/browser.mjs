// What the scripts for signaling share: Chromium with a camera that is not there, and checks.
import { chromium } from 'playwright-core';

export async function launch(executablePath) {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      '--ignore-certificate-errors', '--allow-loopback-in-peer-connection',
    ],
  });
}

const LIMIT_MS = 40_000;
const complaints = [];

/** A visitor of their own; what goes wrong in the page is kept for the end. */
export async function visitor(browser, name, options = {}) {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'], ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', e => complaints.push(`${name}: ${e.stack ?? e}`));
  page.on('console', m => /Content.Security|Refused to/.test(m.text()) && complaints.push(`${name}: ${m.text()}`));
  return page;
}

/** Runs the parts in order; one JSON line says what came of each, and the exit code of all. */
export async function report(browser, parts) {
  let failed = false;
  for (const [name, part] of Object.entries(parts)) {
    const began = Date.now();
    complaints.length = 0; // of a part that failed: it has said so itself
    try {
      const late = new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`longer than ${LIMIT_MS} ms`)), LIMIT_MS).unref();
      });
      const facts = await Promise.race([part(), late]);
      if (complaints.length) throw new Error(complaints.splice(0).join('\n'));
      console.log(JSON.stringify({ part: name, ok: true, ms: Date.now() - began, ...facts }));
    } catch (e) {
      failed = true;
      e.stack += complaints.splice(0).map(one => `\n${one}`).join('');
      console.log(JSON.stringify({ part: name, ok: false, ms: Date.now() - began, error: String(e.stack ?? e).slice(0, 1_500) }));
    }
  }
  await browser.close();
  process.exit(failed ? 1 : 0);
}

export function check(holds, what) {
  if (!holds) throw new Error(`not so: ${typeof what === 'string' ? what : JSON.stringify(what)}`);
}
