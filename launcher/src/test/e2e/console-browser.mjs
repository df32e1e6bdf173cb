// What the scripts for the admin console share: a page that complains of all that goes wrong in it,
// waiting until nothing loads, axe, pictures.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { check } from './browser.mjs';

const AXE = await readFile(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
export const NAME = 'operator';
export const PASSWORD = 'a long enough sentence';
export const WIDE = { width: 1440, height: 1000 };
export const NARROW = { width: 390, height: 844 };

const complaints = [];

/** A visitor; requests to other origins, what the policy forbids, and errors are kept for `quiet`. */
export async function open(browser, base, options = {}) {
  const context = await browser.newContext({ viewport: WIDE, colorScheme: 'light', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('pageerror', e => complaints.push(`${page.url()}: ${e.stack ?? e}`));
  page.on('console', m => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && complaints.push(`${page.url()}: ${m.text()}`));
  page.on('request', r => !r.url().startsWith(base) && !/^(blob|data|about):/.test(r.url()) && complaints.push(`off origin: ${r.url()}`));
  await page.addInitScript(() => addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`)));
  return page;
}

export function quiet(where) {
  check(complaints.length === 0, `${where}: ${complaints.splice(0).join('\n')}`);
}

/** Makes the first account and goes in. */
export async function setUp(page, base, token) {
  await page.goto(base);
  await page.fill('#token', token);
  await page.fill('#name', NAME);
  await page.fill('#password', PASSWORD);
  await page.click('button[type=submit]');
  await page.waitForSelector('#rail a[aria-current]');
}

/** A page of the console, when nothing in it is still loading. */
export async function visit(page, base, path) {
  await page.goto(`${base}/#${path}`);
  await settled(page);
}

export async function settled(page) {
  await page.waitForSelector('#main section.page h1, main.door h1');
  await page.waitForFunction(() => !document.querySelector('#main .skeleton'));
}

/** What the server says; null where it has no such page of the API. */
export async function api(page, path) {
  return page.evaluate(async p => { const answer = await fetch(`/api/v1${p}`); return answer.ok ? answer.json() : null; }, path);
}

export async function axe(page, where) {
  // Through the debugger, since the page's policy lets in no script but its own.
  const result = await page.evaluate(`${AXE}\n;axe.run({ runOnly: ${JSON.stringify(RULES)} })`);
  const found = result.violations.map(one => `${one.id}: ${one.nodes.map(node => node.target).join(' | ')}`);
  check(found.length === 0, `${where}: ${found.join('\n')}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(wide <= 0, `${where} scrolls sideways by ${wide}`);
}

export async function shot(page, folder, name) {
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
