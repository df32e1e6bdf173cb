// The console's parts that need no page: numbers as people read them, and the words of a filter.
//
// Usage: node console-parts.mjs CHROMIUM CONSOLE_FOLDER
import assert from 'node:assert/strict';
import { cp, readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

// Beside a package.json that says what a .js file is.
const copy = fileURLToPath(new URL('console-js/', import.meta.url));
const sources = process.argv[3];
await cp(join(sources, 'js'), copy, { recursive: true });
const f = await import(`${copy}format.js`);
const { parseFilter, filterWords } = await import(`${copy}pages/sessions-filter.js`);
const { rankOf } = await import(`${copy}node-care.js`);

const plain = text => text.replaceAll('\u202f', ' ');
const shows = (form, cases) => cases.forEach(([value, text]) => assert.equal(plain(form(value)), text, `${form.name || 'form'}(${value})`));

shows(f.count, [[0, '0'], [999, '999'], [18204, '18 204'], [1234567, '1 234 567'], [NaN, '–']]);
shows(f.rate, [[0, '0 b/s'], [999, '999 b/s'], [999.6, '1.00 kb/s'], [2.31e6, '2.31 Mb/s'], [999_500_000, '1.00 Gb/s'], [1.16e9, '1.16 Gb/s'], [NaN, '–']]);
shows(f.bytes, [[812e6, '812 MB'], [1.48e9, '1.48 GB'], [5, '5 B']]);
shows(f.percent, [[0, '0 %'], [0.171, '17 %'], [0.0004, '<0.1 %'.replace('<', '< ')], [0.088, '8.8 %'], [1, '100 %']]);
shows(f.age, [[0, '0 s'], [89, '89 s'], [90, '2 min'], [3060, '51 min'], [7560, '2 h 06'], [12 * 86_400, '12 d']]);
shows(f.latency, [[0.05, '50.0 µs'], [0.41, '0.41 ms'], [9, '9 ms'], [1200, '1.20 s']]);
shows(f.tick, [[20_000, '20 k'], [1.5e6, '1.5 M'], [0.25, '0.25'], [0, '0']]);
shows(f.host, [['198.51.100.7:50112', '198.51.100.7'], ['[2001:db8::9]:4412', '2001:db8::9'], ['2001:db8::9', '2001:db8::9']]);
assert.equal(f.cut('a'.repeat(40), 10).length, 10);
assert.equal(f.cut('👩‍👩‍👧 short', 28), '👩‍👩‍👧 short');
assert.equal(f.plural(1, 'node'), '1 node');

const filters = [
  ['user:acme:*', { user: 'acme:*' }], ['node:n4  by:TLS', { node: 'n4', transport: 'tls' }], ['rate>1M', { minBytesPerSecond: 125_000 }],
  ['age>2h', { minAgeSeconds: 7_200 }], ['age>5m rate>80k', { minAgeSeconds: 300, minBytesPerSecond: 10_000 }], ['198.51.100.7', { client: '198.51.100.7' }],
  ['198.51.100.0/24', { client: '198.51.100.0/24' }], ['2001:db8::9', { client: '2001:db8::9' }], ['acme', { user: 'acme*' }],
  ['<img>', { user: '<img>*' }], ['', {}],
];
for (const [text, words] of filters) assert.deepEqual(parseFilter(text).words, words, text);
assert.match(parseFilter('by:pigeon').wrong, /udp, tcp/);
assert.match(parseFilter('state:asleep').wrong, /active or idle/);
assert.deepEqual(filterWords(new URLSearchParams('user=a&sort=-rate&cursor=x')), { user: 'a' });

const nodes = [{ alive: true, state: 'serving', severity: 'ok' }, { alive: true, state: 'draining' }, { alive: true, state: 'serving', severity: 'warning' }, { alive: false }];
assert.deepEqual([...nodes].sort((a, b) => rankOf(a) - rankOf(b)), [nodes[3], nodes[2], nodes[1], nodes[0]], 'what needs care comes first');
// What a first visit takes over a slow line, in bytes as they travel; and files that people can read.
const BUDGET = { '.html': 15_000, '.js': 150_000, '.css': 20_000 };
const LINES_MAX = 500;
const bytes = { '.html': 0, '.js': 0, '.css': 0 };
for (const name of await readdir(sources, { recursive: true })) {
  const kind = extname(name);
  if (!(kind in bytes)) continue;
  const content = await readFile(join(sources, name));
  bytes[kind] += kind === '.html' ? content.length : gzipSync(content).length;
  if (!name.startsWith('vendor')) assert.ok(content.toString().split('\n').length <= LINES_MAX, `${name} is long`);
}
for (const [kind, most] of Object.entries(BUDGET)) assert.ok(bytes[kind] > 0 && bytes[kind] <= most, `${kind}: ${bytes[kind]} of ${most}`);
console.log(JSON.stringify({ part: 'console-parts', ok: true, bytes }));
