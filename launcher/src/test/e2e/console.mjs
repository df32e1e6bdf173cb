// The admin console as an operator uses it: first start, every page in both themes, wide and narrow,
// its numbers against the server's, and no word of a stranger that does more than stand there.
//
// Usage: node console.mjs CHROMIUM BASE FOLDER SETUP_TOKEN ALLOCATIONS USER
import { readFile } from 'node:fs/promises';
import { check, launch, report } from './browser.mjs';
import * as shared from './console-browser.mjs';
import { accessParts } from './console-access.mjs';
import { NAME, NARROW, PASSWORD, WIDE, api, axe, quiet, settled } from './console-browser.mjs';

const [chromium, base, folder, token, allocations, user] = process.argv.slice(2);

/** Bytes are on the page within this time. */
const LIVE_MS = 2_500;
const PAGES = {
  overview: '/', nodes: '/nodes', node: '/nodes/NODE', ports: '/nodes/NODE?tab=ports', jvm: '/nodes/NODE?tab=jvm',
  sessions: '/sessions', session: '/sessions/SESSION', why: '/sessions/why?user=USER', top: '/top', signaling: '/signaling',
  capacity: '/capacity', security: '/security', access: '/access', credentials: '/access?tab=credentials',
  accounts: '/access?tab=accounts', tokens: '/access?tab=tokens', events: '/logs', audit: '/logs?tab=audit', logs: '/logs?tab=logs',
  config: '/config', certs: '/config?tab=certs', diagnostics: '/diag',
};

const browser = await launch(chromium);
const facts = {};
const open = options => shared.open(browser, base, options);
const visit = (page, path) => shared.visit(page, base, path);
const shot = (page, name) => shared.shot(page, folder, name);
let page;

/** Both themes, wide and narrow: contrast, names, landmarks, order; nothing that the policy forbids. */
async function everyLook(name, path) {
  const there = path.replace('NODE', facts.node).replace('SESSION', encodeURIComponent(facts.session)).replace('USER', user);
  await page.setViewportSize(WIDE);
  await page.goto('about:blank');
  const began = Date.now();
  await visit(page, there);
  const ms = Date.now() - began;
  const absent = await page.locator('text=Not available on this node').count();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    await axe(page, `${name} ${colorScheme}`);
    await shot(page, `${name}-${colorScheme}`);
  }
  await page.setViewportSize(NARROW);
  await axe(page, `${name} narrow`);
  await shot(page, `${name}-narrow`);
  quiet(name);
  return { shownMs: ms, absent };
}

await report(browser, {
  async setUp() {
    page = await open();
    await page.goto(base);
    await page.waitForSelector('main.door h1');
    check(/Set up/.test(await page.textContent('h1')), 'the first visitor sets up');
    await axe(page, 'set-up');
    await shot(page, 'setup-light');
    await page.fill('#token', 'wrong-token-wrong-token');
    await page.fill('#name', NAME);
    await page.fill('#password', PASSWORD);
    await page.click('button[type=submit]');
    await page.waitForSelector('[role=alert]');
    await page.fill('#token', token);
    await page.click('button[type=submit]');
    await page.waitForSelector('#rail a[aria-current]');
    quiet('set-up');
  },

  async signInAgain() {
    const other = await open({ colorScheme: 'dark' });
    await other.goto(base);
    await other.waitForSelector('#name');
    await shot(other, 'signin-dark');
    await axe(other, 'sign-in');
    await other.fill('#name', NAME);
    await other.fill('#password', 'wrong password here');
    await other.click('button[type=submit]');
    await other.waitForSelector('[role=alert]');
    await other.fill('#password', PASSWORD);
    await other.click('button[type=submit]');
    await other.waitForSelector('#rail a[aria-current]');
    await other.context().close();
    quiet('sign-in');
  },

  async numbersAreTheServers() {
    await visit(page, '/nodes');
    const { nodes } = await api(page, '/nodes');
    const own = nodes.find(node => node.self);
    facts.node = own.id;
    check(own.allocations === Number(allocations), `the server counts ${own.allocations} of ${allocations}`);
    await page.waitForFunction(n => document.querySelector('table.nodes .tri b')?.textContent === n, String(own.allocations));
    await visit(page, '/sessions');
    const { sessions } = await api(page, '/sessions?limit=1000');
    check(sessions.length === Number(allocations), `${sessions.length} sessions`);
    await page.waitForFunction(n => document.querySelectorAll('table.sessions tbody tr').length === n, sessions.length);
    facts.session = sessions[0].id;
    const overview = await api(page, '/overview');
    if (overview) {
      await visit(page, '/');
      await page.waitForFunction(n => document.querySelector('.figures .figure .n')?.textContent.replace(/\D/g, '') === n, allocations);
      const { traffic } = await api(page, '/overview');
      check(traffic.upBytesPerSecond > 0, 'the echo is seen as traffic');
      const relayed = () => document.querySelectorAll('.figures .figure .s')[2].textContent;
      const before = await page.evaluate(relayed);
      await page.waitForFunction(old => document.querySelectorAll('.figures .figure .s')[2].textContent !== old, before, { timeout: LIVE_MS });
    }
    return { allocations: own.allocations, overview: Boolean(overview) };
  },

  ...Object.fromEntries(Object.entries(PAGES).map(([name, path]) => [name, () => everyLook(name, path)])),

  async keyboard() {
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ colorScheme: 'light' });
    await visit(page, '/');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForSelector('table.sessions');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.waitForSelector('.selbar');
    await page.keyboard.press('/');
    await page.waitForSelector('dialog.palette[open]');
    await page.keyboard.type(user.slice(0, 4));
    await page.waitForFunction(name => document.querySelector('dialog.palette .found')?.textContent.includes(name), user);
    await axe(page, 'search');
    await shot(page, 'search-light');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => !document.querySelector('dialog'));
    quiet('keyboard');
  },

  async charts() {
    await visit(page, '/');
    const card = page.locator('figure.chartcard').first();
    await card.locator('text=Table').click();
    check(await card.locator('.asTable tbody tr').count() > 1, 'a chart is a table, too');
    await axe(page, 'chart as table');
    await card.locator('text=Chart').click();
    const [picture] = await Promise.all([page.waitForEvent('download'), card.locator('text=PNG').click()]);
    check(picture.suggestedFilename().endsWith('.png'), picture.suggestedFilename());
    const bytes = await readFile(await picture.path());
    check(bytes.subarray(1, 4).toString() === 'PNG' && bytes.length > 5_000, `a picture of ${bytes.length} bytes`);
    const plot = await card.locator('.u-over').boundingBox();
    await page.mouse.move(plot.x + plot.width * 0.3, plot.y + 40);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.7, plot.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction(() => /from=[0-9]+/.test(location.hash) && /to=[0-9]+/.test(location.hash));
    await page.selectOption('.top select', '15m');
    await page.waitForFunction(() => location.hash.includes('range=15m') && !location.hash.includes('from='));
    quiet('charts');
  },

  async timesInUtc() {
    const hours = new Date().getHours() !== new Date().getUTCHours();
    await visit(page, '/logs?tab=events');
    const first = page.locator('td.when time').first();
    await first.waitFor();
    const before = await first.textContent();
    await page.click('button[aria-label^="Account"]');
    await page.click('text=Times in UTC');
    check(await page.getAttribute('text=Times in UTC', 'aria-pressed') === 'true', 'the switch shows its state');
    await axe(page, 'account dialog');
    await page.keyboard.press('Escape');
    const at = await first.getAttribute('datetime');
    check((await first.textContent()).includes(at.slice(11, 16)), `${at} is shown as ${await first.textContent()}`);
    check(!hours || await first.textContent() !== before, 'the time is another one than before');
    await page.evaluate(() => localStorage.removeItem('puente-utc'));
    quiet('UTC');
  },

  async iceTest() {
    await visit(page, '/diag');
    await page.click('text=Run the test');
    await page.waitForSelector('text=Run again', { timeout: 30_000 });
    const said = await page.textContent('#main section[aria-label^="ICE test"]');
    check(/Calls connect from here/.test(said) && /20 of 20 messages/.test(said), said);
    await axe(page, 'ICE test');
    await shot(page, 'ice-test-light');
    quiet('ICE test');
  },

  async accountIsMadeChangedRemoved() {
    await visit(page, '/access?tab=accounts');
    await page.click('section[aria-label="Console accounts"] >> text=Add…');
    await page.fill('#field-name', 'ben');
    await page.fill('#field-password', 'short');
    await page.click('dialog footer .primary');
    await page.waitForSelector('dialog [role=alert]');
    check(/at least|from 10/i.test(await page.textContent('dialog [role=alert]')), await page.textContent('dialog [role=alert]'));
    await axe(page, 'account dialog with a problem');
    await page.fill('#field-password', 'shoes on the roof');
    await page.click('dialog footer .primary');
    const row = page.locator('table[aria-label="Console accounts"] tr', { hasText: 'ben' });
    await row.waitFor();
    await row.locator('text=Change…').click();
    await page.selectOption('#field-role', 'operator');
    await page.click('dialog footer .primary');
    await row.locator('text=operator').waitFor();
    check((await api(page, '/accounts')).accounts.find(one => one.name === 'ben').role === 'operator', 'the server has it');
    await row.locator('text=Remove…').click();
    check(await page.isDisabled('dialog footer .danger'), 'a name is typed first');
    await page.fill('#field-typed', 'ben');
    await page.click('dialog footer .danger');
    await row.waitFor({ state: 'detached' });
    check((await api(page, '/accounts')).accounts.length === 1, 'and is without it again');
    quiet('accounts');
  },

  async tokenIsMadeUsedRevoked() {
    await visit(page, '/access?tab=tokens');
    await page.click('#main >> text=Make…');
    await page.fill('#field-name', 'ci');
    await page.click('dialog footer .primary');
    const token = await page.textContent('dialog code.once');
    await axe(page, 'a token, shown once');
    await page.click('dialog footer .primary');
    const status = async () => (await fetch(`${base}/api/v1/nodes`, { headers: { Authorization: `Bearer ${token}` } })).status;
    check(await status() === 200, 'it opens the API');
    const row = page.locator('table[aria-label="API tokens"] tr', { hasText: 'ci' });
    await row.locator('text=Revoke…').click();
    await page.click('dialog footer .danger');
    await row.waitFor({ state: 'detached' });
    check(await status() === 401, 'and no longer');
    quiet('tokens');
  },

  async turnUserIsMadeAndRemoved() {
    await visit(page, '/access');
    await page.click('section[aria-label="TURN users"] >> text=Add…');
    await page.fill('#field-name', '<i>dan</i>');
    await page.click('dialog footer .primary');
    check((await page.textContent('dialog code.once >> nth=1')).length >= 16, 'a password is made');
    await page.click('dialog footer .primary');
    const row = page.locator('table[aria-label="TURN users"] tr', { hasText: '<i>dan</i>' });
    await row.locator('text=Remove…').click();
    await page.click('dialog footer .danger');
    await row.waitFor({ state: 'detached' });
    quiet('TURN users');
  },

  ...accessParts({
    page: () => page,
    visit: path => visit(page, path),
    open,
    async signIn(other, name, password) {
      await other.goto(base);
      await other.fill('#name', name);
      await other.fill('#password', password);
      await other.click('button[type=submit]');
      await other.waitForSelector('#rail a[aria-current]');
    },
  }),

  async watched() {
    await visit(page, `/sessions/${encodeURIComponent(facts.session)}`);
    await page.click('.tools >> text=Watch');
    const tray = page.locator('#tray');
    await tray.locator('li').first().waitFor();
    await visit(page, `/sessions?user=${user}`);
    await page.keyboard.press('w');
    await page.waitForFunction(() => document.querySelectorAll('#tray li').length === 2);
    await page.waitForFunction(n => document.querySelector('#tray').textContent.includes(`${n} session`), allocations);
    await axe(page, 'watched');
    await shot(page, 'watched-light');
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll('#tray li .now').length === 2);
    await page.setViewportSize(NARROW);
    await axe(page, 'watched, narrow');
    await shot(page, 'watched-narrow');
    await page.setViewportSize(WIDE);
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('g');
    await page.keyboard.press('w');
    check(await page.evaluate(() => document.activeElement.id) === 'trayhead', 'the keyboard goes there');
    await page.keyboard.press('Enter');
    check(await page.isHidden('#watched'), 'and folds it');
    await page.keyboard.press('Enter');
    for (let left = 2; left > 0; left--) await tray.locator('li button').first().click();
    await tray.waitFor({ state: 'hidden' });
    check(await page.evaluate(() => localStorage.getItem('puente-watch')) === '[]', 'nothing is left of it');
    quiet('watched');
  },

  async threads() {
    await visit(page, `/nodes/${facts.node}?tab=threads`);
    const first = page.locator('.threads details').first();
    await first.waitFor();
    await first.locator('summary').click();
    check((await first.locator('pre').textContent()).includes('('), 'a stack');
    await axe(page, 'threads');
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('text=Download')]);
    const all = JSON.parse(await readFile(await file.path(), 'utf8')).threads;
    check(all.length === await page.locator('.threads details').count() && all.some(one => one.state === 'RUNNABLE'), `${all.length} threads`);
    quiet('threads');
  },

  async sessionIsClosed() {
    await page.goto('about:blank');
    await visit(page, '/sessions');
    await page.click('table.sessions tbody tr:first-child input[type=checkbox]');
    await page.click('.selbar .danger');
    await page.waitForSelector('dialog[open]');
    await axe(page, 'close dialog');
    await shot(page, 'close-light');
    await page.fill('#field-reason', 'end of the test');
    await page.click('dialog footer .danger');
    await page.waitForFunction(n => document.querySelectorAll('table.sessions tbody tr').length === n, Number(allocations) - 1);
    quiet('close');
  },

  async banIsMadeAndLifted() {
    const before = await api(page, '/bans');
    if (!before) return { bans: 'not on this node' };
    await visit(page, '/security');
    await page.click('.page-head >> text=Ban…');
    await page.fill('#field-target', '192.0.2.0/24');
    await page.fill('#field-reason', '<b>end of the test</b>');
    await shot(page, 'ban-light');
    await page.click('dialog footer .danger');
    const row = page.locator('table[aria-label=Bans] tr', { hasText: '192.0.2.0/24' });
    await row.waitFor();
    check((await row.textContent()).includes('<b>end of the test</b>'), 'text stays text');
    check((await api(page, '/bans')).bans.length === before.bans.length + 1, 'the server has it');
    await row.locator('button').click();
    await row.waitFor({ state: 'detached' });
    check((await api(page, '/bans')).bans.length === before.bans.length, 'and lifts it');
    quiet('ban');
    return undefined;
  },

  async nodeIsDrained() {
    await visit(page, `/nodes/${facts.node}`);
    await page.click('.page-head .primary');
    await page.waitForSelector('dialog[open]');
    await axe(page, 'drain dialog');
    await shot(page, 'drain-light');
    await page.fill('#field-reason', 'end of the test');
    await page.click('dialog footer .primary');
    await page.waitForFunction(() => /Drain(ing|ed)/.test(document.querySelector('.page-head').textContent));
    const { state } = await api(page, `/nodes/${facts.node}`);
    check(/drain/.test(state), state);
    await page.click('.page-head >> text=Undrain');
    await page.waitForFunction(() => /Serving|Warning/.test(document.querySelector('.page-head').textContent));
    quiet('drain');
  },

  async planAnswersAtOnce() {
    await visit(page, '/capacity');
    await page.waitForSelector('.answer .big');
    const before = await page.textContent('.answer .big');
    // All that the answer hangs on: what was measured in these few seconds may be anything.
    await page.evaluate(() => { location.hash = '#/capacity?bhca=200000&hold=600&relay=0.4&running=2'; });
    await page.waitForFunction(old => document.querySelector('.answer .big').textContent !== old, before);
    await page.click('.answer button.explain >> nth=0');
    await page.waitForSelector('dialog[open] .explainone code');
    await axe(page, 'a number explained');
    await page.keyboard.press('Escape');
    await shot(page, 'capacity-asked');
    quiet('plan');
  },

  async signsOut() {
    await page.click('button[aria-label^="Account"]');
    await page.waitForSelector('dialog[open]');
    await page.click('dialog footer .primary');
    await page.waitForSelector('main.door h1');
    check(/Sign in/.test(await page.textContent('h1')), 'signed out');
    quiet('sign-out');
  },
});
