// How long the console of a full cluster lets people wait: lists and plans over HTTP, pages in Chromium.
// Run by bench/console, which makes the cluster; prints a table in Markdown, and details as JSON.
//
// Usage: node console-speed.mjs CHROMIUM BASE FOLDER ADMIN_TOKEN SETUP_TOKEN SESSIONS
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { launch } from './browser.mjs';
import * as shared from './console-browser.mjs';

const [chromium, base, folder, token, setupToken, sessionsText] = process.argv.slice(2);
const SESSIONS = Number(sessionsText);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const LISTS = Number(process.env.LISTS ?? 60);
const PLANS = Number(process.env.PLANS ?? 300);
const WARM = Number(process.env.WARM ?? 300);
const COLD = Number(process.env.COLD ?? 3);
const FILLED_MS = 200_000;
const GROWING_S = 30;
const CALM_MS = 60_000;
/** Who makes thousands of allocations a second and then looks measures that, not the console. */
const CALM_IDLE = 0.4;
/** What issue and docs promise. */
const LIST_P95_MS = 150;
const PLAN_P95_MS = 50;
const PAGE_MS = 1_000;

const HEADERS = { Authorization: `Bearer ${token}` };
const say = text => console.error(`console: ${text}`);
const wait = ms => new Promise(done => { setTimeout(done, ms); });
const broken = [];
const rows = [];
const details = {};

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
}

function row(what, times, limit) {
  const sorted = [...times].sort((a, b) => a - b);
  const [p50, p95, max] = [quantile(sorted, 0.5), quantile(sorted, 0.95), sorted.at(-1)].map(ms => Math.round(ms * 10) / 10);
  rows.push(`| ${what} | ${times.length} | ${p50} | ${p95} | ${max} | ${limit ? `< ${limit}` : ''} |`);
  if (limit && p95 >= limit) broken.push(`${what}: p95 ${p95} ms`);
  return { p50, p95, max };
}

async function ask(path, options = {}) {
  const began = performance.now();
  const answer = await fetch(`${base}/api/v1/${path}`, { ...options, headers: { ...HEADERS, ...options.headers } });
  const text = await answer.text();
  const ms = performance.now() - began;
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text.slice(0, 300)}`);
  return { ms, json: JSON.parse(text) };
}

async function filled() {
  const until = Date.now() + FILLED_MS;
  let json;
  let looks = 0;
  do {
    await wait(1000);
    ({ json } = await ask('sessions?limit=1'));
    if (++looks % 10 === 0) say(`${json.matching} sessions after ${looks} s`);
    if (looks === GROWING_S && json.matching < SESSIONS / 10) throw new Error('nobody makes allocations; see load-1.txt');
  } while (json.matching < SESSIONS && Date.now() < until);
  say(`${json.matching} sessions (${json.matching} wanted of ${SESSIONS}), ${JSON.stringify(json.coverage)}`);
  if (json.matching < SESSIONS * 0.98) throw new Error(`only ${json.matching} of ${SESSIONS} sessions came`);
  details.sessions = json.matching;
}

/** The share of all processors' time that nobody wanted. */
async function idleFor(ms) {
  const sums = () => cpus().reduce(([all, idle], { times }) => [all + Object.values(times).reduce((a, b) => a + b), idle + times.idle], [0, 0]);
  const [all, idle] = sums();
  await wait(ms);
  const [allThen, idleThen] = sums();
  return (idleThen - idle) / (allThen - all);
}

/** From now on the allocations are there, relay and are refreshed, and none is made any more. */
async function calm() {
  const until = Date.now() + CALM_MS;
  let idle;
  do idle = await idleFor(3_000); while (idle < CALM_IDLE && Date.now() < until);
  details.idleBefore = Math.round(100 * idle);
  say(`${details.idleBefore} % of the processors are idle`);
}

/** Lists as the page asks for them, each kind by itself; then all of them mixed, several at once. */
async function lists() {
  const { json: page } = await ask('sessions?limit=1000&sort=user');
  const users = page.sessions.map(session => session.user);
  const some = i => encodeURIComponent(users[(i * 37) % users.length]);
  let cursor = '';
  const kinds = {
    'oldest first': () => 'sessions?limit=100',
    'by rate': () => 'sessions?limit=100&sort=-rate',
    'by user': () => 'sessions?limit=100&sort=user',
    'by bytes, 1000 at once': () => 'sessions?limit=1000&sort=-bytes',
    'one user': i => `sessions?limit=100&user=${some(i)}`,
    'users that end so': i => `sessions?limit=100&sort=-created&user=${encodeURIComponent(`*${i % 100}`)}`,
    'a network and a state': () => 'sessions?limit=100&client=127.0.0.0/8&state=idle&sort=-created',
    'active ones of a node': i => `sessions?limit=100&state=active&node=node-${1 + i % 3}`,
    'page after page': () => `sessions?limit=100&sort=user${cursor && `&cursor=${cursor}`}`,
  };
  const follow = json => { cursor = json.next ? encodeURIComponent(json.next) : ''; };
  const all = Object.entries(kinds);
  // What has never run is not what people meet: a server that has been up for a while is.
  for (let i = 0; i < WARM; i++) await ask(all[i % all.length][1](i));
  const times = Object.fromEntries(all.map(([name]) => [name, []]));
  const covered = new Set();
  for (let i = 0; i < LISTS; i++) {
    for (const [name, path] of all) {
      const { ms, json } = await ask(path(i));
      times[name].push(ms);
      covered.add(`${json.coverage.answered}/${json.coverage.nodes}`);
      if (name === 'page after page') follow(json);
      await wait(5);
    }
  }
  details.coverage = [...covered];
  for (const [name, list] of Object.entries(times)) row(`list: ${name}`, list, LIST_P95_MS);
  row('list: all of these', Object.values(times).flat(), LIST_P95_MS);
  const mixed = [];
  await Promise.all([0, 1, 2].map(async who => {
    for (let i = 0; i < LISTS; i++) {
      mixed.push((await ask(all[(i + 3 * who) % all.length][1](i))).ms);
      await wait(100);
    }
  }));
  row('list: mixed, three people', mixed, LIST_P95_MS);
}

async function plans() {
  const times = [];
  const days = Array.from({ length: 180 }, (_, day) => 1e9 + 1e7 * day + 1e8 * (day % 7));
  const history = more => ({ daily: { egress: days.with(179, days[179] + more), ports: days.map(n => n / 1e6).with(179, days[179] / 1e6 + more) } });
  const body = (i, more) => JSON.stringify({
    history: history(more), demand: { bhca: 60_000 + 100 * i, holdSeconds: 300 + i % 7, relayRatio: 0.2 }, policy: { zones: 3 },
  });
  const plan = async (i, more) => (await ask('capacity/plan', { method: 'POST', body: body(i, more), headers: { 'Content-Type': 'application/json' } })).ms;
  for (let i = 0; i < 20; i++) await plan(i, i);
  for (let i = 0; i < PLANS; i++) times.push(await plan(i, 0));
  row('plan: what if, 180 days of history', times, PLAN_P95_MS);
  const fresh = [];
  for (let i = 0; i < PLANS / 3; i++) fresh.push(await plan(i, 100 + i));
  row('plan: 180 days that it has never seen', fresh, PLAN_P95_MS);
  const forecasts = [];
  for (let i = 0; i < LISTS; i++) forecasts.push((await ask('capacity/forecast')).ms);
  row('plan: GET capacity/forecast', forecasts, PLAN_P95_MS);
}

/** The longest that this program was not let run, since it was last asked: then nobody was, perhaps. */
const BEAT_MS = 20;
let beatAt = performance.now();
let worstGapMs = 0;
setInterval(() => {
  worstGapMs = Math.max(worstGapMs, performance.now() - beatAt - BEAT_MS);
  beatAt = performance.now();
}, BEAT_MS).unref();

function takeGapMs() {
  const gap = Math.round(worstGapMs);
  worstGapMs = 0;
  return gap;
}

/** Notes when nothing on the page is loading any more and that is on the screen. */
function noteSettled() {
  globalThis.$longTasks = [];
  new PerformanceObserver(list => {
    for (const { startTime, duration } of list.getEntries()) globalThis.$longTasks.push([startTime, duration].map(Math.round));
  }).observe({ entryTypes: ['longtask'] });
  const look = () => {
    if (globalThis.$settled || !document.querySelector('#main section.page h1') || document.querySelector('#main .skeleton')) return;
    globalThis.$settled = true;
    requestAnimationFrame(() => { globalThis.$settledMs = performance.now(); });
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
}

/** From the first byte asked for until then, by the browser's clock. */
async function shown(page, path) {
  await page.goto('about:blank');
  takeGapMs();
  await page.goto(`${base}/#${path}`, { waitUntil: 'commit' });
  await page.waitForFunction(() => globalThis.$settledMs);
  const machineMs = takeGapMs();
  const look = await page.evaluate(() => {
    const asked = performance.getEntriesByType('resource').filter(one => one.startTime <= globalThis.$settledMs);
    return {
      ms: globalThis.$settledMs,
      requests: asked.length + 1,
      bytes: asked.reduce((sum, one) => sum + one.transferSize, 0),
      // What the time went into: each file and answer with when it was asked for, began to come and was there.
      waterfall: asked.map(one => [one.name.replace(/^[^/]*\/\/[^/]*/, '').slice(0, 40),
        ...[one.startTime, one.requestStart, one.responseStart, one.responseEnd].map(Math.round)]),
      longTasks: globalThis.$longTasks,
    };
  });
  return { ...look, machineMs };
}

async function pages() {
  const browser = await launch(chromium);
  const page = await shared.open(browser, base);
  await shared.setUp(page, base, setupToken);
  const session = encodeURIComponent((await ask('sessions?limit=1&sort=-rate')).json.sessions[0].id);
  const paths = {
    Overview: '/', Nodes: '/nodes', Node: '/nodes/node-2', Sessions: '/sessions', Session: `/sessions/${session}`,
    'Top talkers': '/top', Signaling: '/signaling', Capacity: '/capacity', Security: '/security', Access: '/access',
    'Events and logs': '/logs', 'Config': '/config', 'Certificates': '/config?tab=certs', Diagnostics: '/diag',
  };
  await page.addInitScript(noteSettled);
  const looks = [];
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, path] of Object.entries(paths)) looks.push({ name, round, ...(await shown(page, path)) });
  }
  for (const name of Object.keys(paths)) {
    row(`page: ${name}`, looks.filter(look => look.name === name && look.round >= 0).map(look => look.ms), PAGE_MS);
  }
  row('page: first time after the start', looks.filter(look => look.round < 0).map(look => look.ms), PAGE_MS);
  const cookies = await page.context().storageState();
  await page.context().close();
  const strangers = [];
  for (let i = 0; i < COLD; i++) {
    for (const [name, path] of Object.entries(paths)) {
      const empty = await shared.open(browser, base, { storageState: cookies });
      await empty.addInitScript(noteSettled);
      strangers.push({ name, ...(await shown(empty, path)) });
      await empty.context().close();
    }
  }
  row('page: any, with nothing in the cache', strangers.map(look => look.ms), PAGE_MS);
  details.requests = Math.max(...looks.filter(look => look.round >= 0).map(look => look.requests));
  details.strangers = strangers;
  details.looks = looks;
  await browser.close();
}

await filled();
await calm();
await lists();
await plans();
details.idleAtPages = Math.round(100 * await idleFor(3_000));
await pages();
await writeFile(join(folder, 'speed.json'), JSON.stringify({ ...details, rows, broken }, null, 1));
console.log(['| what | times | p50 ms | p95 ms | max ms | promised p95 |', '|---|---:|---:|---:|---:|---:|', ...rows].join('\n'));
console.log(`\n${details.sessions} sessions; nodes that answered: ${details.coverage.join(', ')}; processors idle before: ${details.idleBefore} %, `
  + `before the pages: ${details.idleAtPages} %; a page is at most ${details.requests} requests`);
for (const one of broken) say(`NOT KEPT: ${one}`);
process.exit(broken.length ? 1 : 0);
