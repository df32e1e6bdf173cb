// The admin console on a cluster of three: any node shows all, an order goes to the node it is for,
// and a node that dies is seen.
//
// Usage: node console-cluster.mjs CHROMIUM BASE FOLDER SETUP_TOKEN ALLOCATIONS DOOMED_PID OTHER_BASE NODE...
import { check, launch, report } from './browser.mjs';
import * as shared from './console-browser.mjs';
import { api, axe, quiet } from './console-browser.mjs';

const [chromium, base, folder, token, allocations, doomedPid, otherBase, ...nodes] = process.argv.slice(2);
const [, drained, doomed] = nodes;
const SEEN_MS = 30_000;
const browser = await launch(chromium);
const page = await shared.open(browser, base);
const visit = path => shared.visit(page, base, path);
const shot = name => shared.shot(page, folder, name);
const row = node => page.locator('table.nodes tr', { has: page.locator(`a.name:text-is("${node}")`) });

await report(browser, {
  async threeNodes() {
    await shared.setUp(page, base, token);
    await visit('/nodes');
    await page.waitForFunction(n => document.querySelectorAll('table.nodes a.name').length === n, nodes.length, { timeout: SEEN_MS });
    for (const node of nodes) check(/Serving|Warning/.test(await row(node).textContent()), `${node} serves`);
    await axe(page, 'three nodes');
    await shot('cluster-nodes');
    quiet('three nodes');
  },

  async anAccountIsGoodOnEveryNode() {
    const state = async () => (await (await page.request.get(`${otherBase}/api/v1/auth`)).json()).state;
    const until = Date.now() + SEEN_MS;
    while ((await state()) === 'setup' && Date.now() < until) await new Promise(done => { setTimeout(done, 100); });
    const away = await browser.newContext();
    const answer = await away.request.post(`${otherBase}/api/v1/auth/login`, {
      data: { name: shared.NAME, password: shared.PASSWORD }, headers: { Origin: otherBase },
    });
    check(answer.status() === 200, `${answer.status()} ${await answer.text()}`);
    check((await answer.json()).role === 'admin', 'with its role');
    check((await (await away.request.get(`${otherBase}/api/v1/accounts`)).json()).accounts.length === 1, 'one account');
    await away.close();
  },

  async aSignInIsGoodOnEveryNode() {
    // A browser sends the same cookie to another port of the host: as behind one name.
    const status = async () => (await page.request.get(`${otherBase}/api/v1/nodes`)).status();
    const until = Date.now() + SEEN_MS;
    while (await status() !== 200 && Date.now() < until) await new Promise(done => { setTimeout(done, 100); });
    check(await status() === 200, 'who signed in at one node is known to the other');
    const { csrfToken } = await (await page.request.get(`${otherBase}/api/v1/auth`)).json();
    check(csrfToken === (await api(page, '/auth')).csrfToken, 'and may give orders there');
    const made = await page.request.post(`${otherBase}/api/v1/tokens`, {
      data: { name: 'made-elsewhere', role: 'viewer' }, headers: { Origin: otherBase, 'Puente-CSRF': csrfToken },
    });
    check(made.status() === 201, `${made.status()} ${await made.text()}`);
    await visit('/logs?tab=audit');
    const entry = page.locator('table[aria-label="Audit log"] tr', { hasText: 'made-elsewhere' });
    await entry.waitFor();
    check((await entry.textContent()).endsWith(drained), `${await entry.textContent()} names the node`);
    await shot('cluster-audit');
    await visit('/logs?tab=logs&text=made-elsewhere');
    await page.locator('ol.log li', { hasText: 'add-token' }).first().waitFor();
    check((await page.textContent('ol.log')).includes(drained), 'the log of the other node is here');
    await shot('cluster-logs');
    quiet('a sign-in elsewhere');
  },

  async settingsOfAnother() {
    await visit('/config');
    await page.selectOption('select[aria-label=Node]', drained);
    await page.waitForFunction(n => document.querySelector('.page-head').textContent.includes(`node ${n}`), drained);
    await page.waitForFunction(n => document.querySelector('table[aria-label=Cluster]')?.textContent.includes(n), drained);
    check(await page.isDisabled('text=Reload…'), 'orders are for the node itself');
    await axe(page, 'settings of another node');
    await visit(`/config?tab=certs&node=${drained}`);
    await page.waitForSelector('section[aria-label^="Certificate of"]');
    quiet('settings of another');
  },

  async sessionsOfAll() {
    await visit('/sessions');
    await page.waitForFunction(n => document.querySelectorAll('table.sessions tbody tr').length === n, Number(allocations));
    const { sessions } = await api(page, '/sessions?limit=1000');
    check(new Set(sessions.map(session => session.node)).size === nodes.length, 'sessions of every node');
    await visit(`/nodes/${doomed}`);
    await page.waitForSelector('table[aria-label=Listeners]');
    await visit('/');
    await page.waitForFunction(n => document.querySelector('.figures .figure .n').textContent.replace(/\D/g, '') === n, allocations);
    await shot('cluster-overview');
    quiet('sessions of all');
  },

  async anOrderForAnotherNode() {
    await visit('/nodes');
    await row(drained).locator('input').check();
    await page.keyboard.press('d');
    await page.fill('#field-reason', 'upgrade');
    await page.click('dialog footer .primary');
    await page.waitForFunction(() => /Drain(ing|ed)/.test(document.querySelector('table.nodes').textContent), null, { timeout: SEEN_MS });
    check(/Drain(ing|ed)/.test(await row(drained).textContent()), `${drained} drains`);
    await shot('cluster-drain');
    quiet('an order');
  },

  async aNodeDies() {
    process.kill(Number(doomedPid), 'SIGKILL');
    await page.waitForFunction(() => /Down/.test(document.querySelector('table.nodes').textContent), null, { timeout: SEEN_MS });
    check(/Down/.test(await row(doomed).textContent()), `${doomed} is down`);
    await axe(page, 'a node is down');
    await shot('cluster-down');
    await visit('/');
    await page.waitForFunction(node => document.querySelector('.verdict')?.textContent.includes(node), doomed, { timeout: SEEN_MS });
    await shot('cluster-verdict');
    await page.click('button[aria-label*="open alert"]');
    await page.waitForSelector('dialog[open] .items li');
    check((await page.textContent('dialog[open] .items')).includes(`${doomed} is gone`), 'the alert is behind the bell');
    await axe(page, 'alerts');
    await shot('cluster-alerts');
    await page.keyboard.press('Escape');
    quiet('a node dies');
  },
});
