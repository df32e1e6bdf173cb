// The pages that visitors see: a call through the relay, the ICE test, and what a person needs who
// cannot see them well.
//
// Usage: node pages.mjs CHROMIUM BASE FOLDER
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { check, launch, report, visitor } from './browser.mjs';

const [chromium, base, folder] = process.argv.slice(2);
const AXE = await readFile(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const FRAMES = 20;
const browser = await launch(chromium);
const narrow = { viewport: { width: 390, height: 844 } };
let ana;
let ben;

await report(browser, {
  async callThroughTheRelay() {
    [ana, ben] = await Promise.all([enter('Ana', {}), enter('Ben', narrow)]);
    const paths = await Promise.all([ana, ben].map(async page => {
      await page.waitForFunction(() => /relay, /.test(document.querySelector('.routebadge .word')?.textContent));
      await seesTheOther(page);
      return page.textContent('.routebadge .word');
    }));
    check(await ana.textContent('#stage .tile:not(.me) .who') === 'Ben', 'Ana sees Ben');
    await ana.screenshot({ path: join(folder, 'page-call.png') });
    return { paths };
  },

  async wordsAndControls() {
    await ana.click('#chat');
    await ana.fill('#line', '<b>hello</b>');
    await ana.keyboard.press('Enter');
    await ben.waitForSelector('#chat .dot:not([hidden])');
    await ben.click('#chat');
    check(await ben.textContent('.talk li') === 'Ana <b>hello</b>', 'text stays text');
    await ana.keyboard.press('Escape');
    await ana.keyboard.press('v');
    await ben.waitForFunction(() => document.querySelector('#stage .tile:not(.me)').classList.contains('off'));
    await ana.click('.routebadge');
    await ana.waitForFunction(() => /through the relay/.test(document.querySelector('#sheet').textContent));
    await axe(ana, 'call');
    await axe(ben, 'call, narrow');
    await ben.click('#leave');
    await ana.waitForSelector('.wait');
    await ana.context().close();
    await ben.context().close();
  },

  async cameraAllowedLater() {
    const [eva, finn] = await Promise.all([enter('Eva', {}, askLater), enter('Finn', narrow)]);
    await seesTheOther(eva);
    check(await finn.locator('#stage .tile.off:not(.me)').count() === 1, 'nothing to be seen of Eva yet');
    await eva.evaluate(() => window.allow());
    await seesTheOther(finn);
    await finn.waitForSelector('#stage .tile:not(.me, .off)');
    await eva.context().close();
    await finn.context().close();
  },

  async iceTest() {
    const page = await visitor(browser, 'tester', { colorScheme: 'light' });
    await page.goto(`${base}/test`);
    await page.waitForSelector('#verdict.is-ok');
    const text = await page.textContent('#report');
    check(/ok {4}turn udp/.test(text) && /ok {4}turn tcp/.test(text), text);
    const [, mbps, lost] = text.match(/relay to relay ([\d.]+) Mb\/s, ([\d.]+) % lost/);
    check(mbps > 1 && lost < 5, { mbps, lost });
    check(await page.locator('#candidates tr').count() > 2, 'candidates are listed');
    await axe(page, 'test');
    await page.context().close();
    return { report: text.split('\n') };
  },

  // Both themes, wide and narrow: contrast, names, landmarks, order.
  async accessible() {
    for (const path of ['/', '/test', '/examples/', '/examples/call', '/examples/files', '/examples/peerjs', '/examples/yjs']) {
      const looks = [['dark', narrow], ['light', {}]].slice(0, /examples\/./.test(path) ? 1 : 2);
      for (const [colorScheme, more] of looks) {
        const page = await visitor(browser, path, { colorScheme, ...more });
        await page.goto(base + path, { waitUntil: 'load' });
        if (/peerjs|yjs/.test(path)) await page.waitForSelector('#check.is-ok');
        await axe(page, `${path} ${colorScheme}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        check(wide <= 0, `${path} scrolls sideways by ${wide} at ${colorScheme}`);
        await page.context().close();
      }
    }
  },

  async exampleSendsAFile() {
    const pages = await Promise.all([1, 2].map(() => visitor(browser, 'files')));
    await Promise.all(pages.map(page => page.goto(`${base}/examples/files?room=e2e`)));
    await Promise.all(pages.map(page => page.waitForFunction(() => /Connected/.test(document.querySelector('#log').textContent))));
    const buffer = Buffer.alloc(300_000, 'puente');
    await pages[0].setInputFiles('#file', { name: 'bridge.bin', mimeType: 'application/octet-stream', buffer });
    await pages[1].waitForFunction(() => /Received bridge.bin, 300000 bytes/.test(document.querySelector('#log').textContent));
  },
});

async function enter(name, options, before = () => {}) {
  const page = await visitor(browser, name, options);
  await page.addInitScript(before);
  await page.addInitScript(who => localStorage.setItem('puente-name', who), name);
  await page.goto(`${base}/?relay#e2e-room`);
  check(await page.inputValue('#room') === 'e2e-room', 'the room is in the URL');
  await page.waitForFunction(() => /Relay ready/.test(document.querySelector('#relay').textContent));
  await page.click('#go');
  await page.waitForSelector('#call:not([hidden])');
  return page;
}

/** As a person who has yet to answer whether the page may use the camera. */
function askLater() {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const allowed = new Promise(over => { window.allow = over; });
  navigator.mediaDevices.getUserMedia = wish => allowed.then(() => ask(wish));
}

async function seesTheOther(page) {
  await page.waitForFunction(n => {
    const video = document.querySelector('#stage .tile:not(.me) video');
    return video?.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > n;
  }, FRAMES);
}

async function axe(page, where) {
  // Through the debugger, since the page's policy lets in no script but its own.
  const result = await page.evaluate(`${AXE}\n;axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`);
  const found = result.violations.map(one => `${one.id}: ${one.nodes.map(node => node.target).join(' | ')}`);
  check(found.length === 0, `${where}: ${found.join('\n')}`);
}
