// The dialogs of Access that change who may relay and who is in: quota, secrets, a new password, and
// what is revoked. Parts for console.mjs.
import { check } from './browser.mjs';
import { api, axe, quiet } from './console-browser.mjs';

const done = '.toasts';

/** @param at a page that is signed in as admin, how to go to a path, and how others come in */
export const accessParts = ({ page, visit, open, signIn }) => ({
  async quotaIsSet() {
    await visit('/access');
    const row = page().locator('table[aria-label=Realms] tbody tr').first();
    await row.locator('text=Quota…').click();
    await page().fill('#field-perUser', '-1');
    await page().click('dialog footer .primary');
    check(await page().isVisible('dialog[open]'), 'less than nothing is no quota');
    await page().fill('#field-perUser', '7');
    await page().fill('#field-perSource', '40');
    await page().fill('#field-reason', 'a party');
    await axe(page(), 'quota dialog');
    await page().click('dialog footer .primary');
    await page().waitForFunction(() => !document.querySelector('dialog'));
    await page().waitForFunction(() => /7/.test(document.querySelector('table[aria-label=Realms] [data-l="For a user"]').textContent));
    const { realms: [realm] } = await api(page(), '/realms');
    check(realm.quota.perUser === 7 && realm.quota.perSource === 40, realm.quota);
    const { entries: [last] } = await api(page(), '/audit?limit=1');
    check(last.action === 'set-quota' && last.reason === 'a party', last);
    quiet('quota');
  },

  async secretIsRotatedAndRemoved() {
    await visit('/access');
    const before = (await api(page(), '/secrets')).secrets;
    await page().click('section[aria-label="Shared secrets"] >> text=Rotate…');
    check(await page().isDisabled('dialog footer .danger'), 'a word is typed first');
    await page().selectOption('#field-overlapSeconds', '3600');
    await page().fill('#field-typed', 'rotate');
    await axe(page(), 'rotate dialog');
    await page().click('dialog footer .danger');
    const secret = await page().textContent('dialog code.once');
    check(secret.length >= 32, 'a secret of the server\'s making');
    await axe(page(), 'a secret, shown once');
    await page().click('dialog footer .primary');
    const { secrets } = await api(page(), '/secrets');
    check(secrets.length === before.length + 1, `${secrets.length} secrets`);
    check(secrets.filter(one => one.signing).length === 1, 'one of them signs');
    const made = secrets.find(one => one.signing);
    check(!before.some(one => one.id === made.id), 'the new one');
    const credential = await page().evaluate(async () => {
      const { csrfToken } = await (await fetch('/api/v1/auth')).json();
      const answer = await fetch('/api/v1/credentials', {
        method: 'POST', headers: { 'Puente-CSRF': csrfToken, 'Content-Type': 'application/json' },
        body: JSON.stringify({ user: 'late', ttlSeconds: 600 }),
      });
      return answer.json();
    });
    check(/:late$/.test(credential.username), credential);
    await page().click('section[aria-label="Shared secrets"] >> text=Add…');
    await page().fill('#field-secret', 'another one of the test');
    await page().click('dialog footer .primary');
    await page().waitForFunction(n => document.querySelectorAll('table[aria-label="Shared secrets"] tbody tr').length === n, secrets.length + 1);
    const { secrets: all } = await api(page(), '/secrets');
    const added = all.find(one => !secrets.some(old => old.id === one.id));
    await page().click(`[aria-label="Remove secret ${added.id}"]`);
    await page().click('dialog footer .danger');
    await page().waitForFunction(n => document.querySelectorAll('table[aria-label="Shared secrets"] tbody tr').length === n, secrets.length);
    quiet('secrets');
  },

  async aCredentialIsRevoked() {
    await visit('/access');
    await page().click('text=Revoke a credential…');
    await page().fill('#field-username', '4102444800:<b>eve</b>');
    await page().fill('#field-reason', 'left us');
    await axe(page(), 'revoke dialog');
    await page().click('dialog footer .danger');
    await page().waitForFunction(() => !document.querySelector('dialog'));
    check((await page().textContent(done)).includes('Revoked 4102444800:<b>eve</b>'), 'it is said, as text');
    const { entries: [last] } = await api(page(), '/audit?limit=1');
    check(last.target.includes('4102444800:<b>eve</b>') && last.reason === 'left us', last);
    quiet('revoke');
  },

  /** Signed out by somebody else: the page of the one who is out becomes the door. */
  async aConsoleSessionIsEnded() {
    await visit('/access?tab=accounts');
    await page().click('section[aria-label="Console accounts"] >> text=Add…');
    await page().fill('#field-name', 'cleo');
    await page().fill('#field-password', 'a door on the latch');
    await page().click('dialog footer .primary');
    const row = page().locator('table[aria-label="Console accounts"] tr', { hasText: 'cleo' });
    await row.waitFor();
    const other = await open({});
    await signIn(other, 'cleo', 'a door on the latch');
    await row.locator('text=Sign out').click();
    await other.waitForSelector('main.door h1', { timeout: 30_000 });
    check(/Sign in/.test(await other.textContent('h1')), 'cleo is out');
    await other.context().close();
    await row.locator('text=Remove…').click();
    await page().fill('#field-typed', 'cleo');
    await page().click('dialog footer .danger');
    await row.waitFor({ state: 'detached' });
    quiet('an ended session');
  },
});
