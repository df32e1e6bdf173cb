// Two Chromium contexts in a call that may use relayed candidates only, over each transport in turn.
// Prints one JSON line with what both sides' getStats say.
//
// Usage: node call.mjs CHROMIUM SERVER_NAME PORT TLS_PORT USER PASSWORD FOLDER [transport...]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [executablePath, server, port, tlsPort, user, password, folder, ...transports] =
  process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
const ECHOES = 100;
const LARGEST = 15_000;
const FRAMES = 60;
const LIMIT_MS = 40_000;

const urls = {
  udp: `turn:127.0.0.1:${port}?transport=udp`,
  tcp: `turn:127.0.0.1:${port}?transport=tcp`,
  tls: `turns:127.0.0.1:${tlsPort}?transport=tcp`,
};

// localhost is a secure context, which the camera needs.
const files = { '/call.html': 'text/html', '/call.js': 'text/javascript' };
const site = createServer(async (request, response) => {
  const type = files[request.url];
  response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain' });
  response.end(type ? await readFile(join(here, request.url)) : '');
});
await new Promise(ready => site.listen(0, '127.0.0.1', ready));
const page = `http://127.0.0.1:${site.address().port}/call.html`;

const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
    '--ignore-certificate-errors', '--allow-loopback-in-peer-connection',
  ],
});

const result = { calls: [] };
try {
  for (const transport of transports.length ? transports : Object.keys(urls)) {
    result.calls.push(await call(transport));
  }
} catch (e) {
  result.error = String(e.stack ?? e);
} finally {
  await browser.close();
  site.close();
}
console.log(JSON.stringify(result));

async function call(transport) {
  const ana = await visitor('Ana', 'Ben', 60, transport);
  const ben = await visitor('Ben', 'Ana', 150, transport);
  ana.other = ben;
  ben.other = ana;
  const offer = await ana.page.evaluate(() => offer());
  await ben.page.evaluate(description => take(description), offer);
  ben.described();
  const answer = await ben.page.evaluate(() => offer());
  await ana.page.evaluate(description => take(description), answer);
  ana.described();
  const talks = Promise.all([ana, ben].map(side =>
    side.page.evaluate(([count, largest]) => talk(count, largest), [ECHOES, LARGEST])));
  const [one, other] = await settled(ana, ben, talks);
  await ana.page.evaluate(theirs => paint(theirs), other);
  await ana.page.screenshot({ path: join(folder, `call-${transport}.png`) });
  await ana.context.close();
  await ben.context.close();
  return { transport, ana: one, ben: other };
}

// A browser context of its own; candidates that come before the description wait for it.
async function visitor(me, you, hue, transport) {
  const context = await browser.newContext({
    permissions: ['camera', 'microphone'],
    viewport: { width: 1120, height: 745 },
    deviceScaleFactor: 2,
  });
  const side = { context, page: await context.newPage() };
  const early = new Promise(described => { side.described = described; });
  await side.page.exposeFunction('tell', async candidate => {
    const to = side.other;
    await to.early;
    await to.page.evaluate(one => add(one), candidate).catch(() => {});
  });
  side.early = early;
  await side.page.goto(page);
  await side.page.evaluate(settings => join(settings),
    { me, you, hue, server, url: urls[transport], user, password });
  return side;
}

// Until both sides have decoded enough frames and have every echo, or the time is over: the
// numbers are for the caller to judge.
async function settled(ana, ben, talks) {
  const deadline = Date.now() + LIMIT_MS;
  const sides = [ana, ben];
  await Promise.race([talks, new Promise(over => { setTimeout(over, LIMIT_MS).unref(); })]);
  for (;;) {
    const facts = await Promise.all(sides.map(side => side.page.evaluate(() => facts())));
    const done = facts.every(f => f.framesDecoded >= FRAMES && f.echoes.intact >= ECHOES);
    if (done || Date.now() > deadline) {
      return facts;
    }
    await ana.page.waitForTimeout(100);
  }
}
