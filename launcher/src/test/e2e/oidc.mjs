// Signing in to the console by a provider that none of us wrote: the npm package oidc-provider, with
// PKCE, discovery, signed tokens, and its own page to sign in at.
//
// Usage: node oidc.mjs CHROMIUM PORT BASE FOLDER
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { check, launch, report } from './browser.mjs';
import { api, axe, open, quiet, shot } from './console-browser.mjs';

const [chromium, port, base, folder] = process.argv.slice(2);
const issuer = `http://localhost:${port}`;

/** Who is there, and what the claim `groups` says of them. */
const GROUPS = { ana: ['staff', 'turn-operators'], ben: ['staff'] };

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'puente',
    client_secret: 'known-to-both-of-them',
    redirect_uris: [`${base}/api/v1/auth/oidc/callback`],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, groups: GROUPS[id] ?? [] }) }),
  features: { devInteractions: { enabled: true } },
});
const server = createServer(provider.callback());
await new Promise(done => { server.listen(port, 'localhost', done); });

const browser = await launch(chromium);

/** To the provider by the button, and through its pages. */
async function signIn(name) {
  const page = await open(browser, 'http');
  await page.route(/^https:/, route => route.abort()); // the provider's pages want a font of the Internet
  await page.goto(base);
  await page.waitForSelector('main.door h1');
  await page.click('a[href="/api/v1/auth/oidc"]');
  await page.waitForSelector('input[name=login]');
  check(page.url().startsWith(`${issuer}/interaction/`), page.url());
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'any');
  await page.click('button[type=submit]');
  await page.waitForSelector('text=Authorize');
  await page.click('button[type=submit]');
  await page.waitForURL(url => url.href.startsWith(base));
  return page;
}

await report(browser, {
  async theButton() {
    const page = await open(browser, base);
    await page.goto(base);
    await page.waitForSelector('a[href="/api/v1/auth/oidc"]');
    check(/Sign in with localhost/.test(await page.textContent('main.door')), await page.textContent('main.door'));
    check((await api(page, '/auth')).role === undefined, 'being on the machine is not enough');
    await axe(page, 'sign-in');
    await shot(page, folder, 'oidc-light');
    quiet('sign-in');
    await page.context().close();
  },

  async whoHasARoleComesIn() {
    const page = await signIn('ana');
    await page.waitForSelector('#rail a[aria-current]');
    const me = await api(page, '/auth');
    check(me.name === 'ana' && me.role === 'operator' && me.method === 'oidc', me);
    const entries = (await api(page, '/audit?action=login')).entries;
    check(entries.some(one => one.who === 'oidc:ana' && one.outcome === 'done' && one.after === 'operator'), entries);
    check((await page.request.get(`${base}/api/v1/accounts`)).status() === 403, 'an operator makes no accounts');
    await page.reload();
    await page.waitForSelector('#rail a[aria-current]');
    quiet('ana');
    await page.context().close();
  },

  async whoHasNoneStaysOut() {
    const page = await signIn('ben');
    await page.waitForSelector('main.door [role=alert]');
    check(/gives you no role/.test(await page.textContent('main.door')), await page.textContent('main.door'));
    check(!page.url().includes('sign-in='), page.url());
    check((await page.request.get(`${base}/api/v1/nodes`)).status() === 401, 'ben sees nothing');
    quiet('ben');
    await page.context().close();
  },
});
