// The ICE test: which ways in are open, how long each takes, and what a relay carries.
import { Puente } from '/sdk/puente.js';
import { $, $$, NO_KEY, asked, copy, make, mark, ownKey } from './site.js';
import { gather, loopback, tryWay, waysOf } from './probe.js';

const NAMES = { stun: 'stun udp', udp: 'turn udp', tcp: 'turn tcp', tls: 'turns tls' };
const SHAPES = {
  host: ['rect', { width: 10, height: 10, rx: 1 }],
  srflx: ['path', { d: 'M5 0l5 10H0z' }],
  relay: ['circle', { cx: 5, cy: 5, r: 5 }],
};
let policy = asked.get('policy') === 'relay' ? 'relay' : 'all';
let format = 'text';
let report = null;
let running = null;

for (const seg of $$('.seg')) {
  seg.addEventListener('click', e => {
    const chosen = e.target.closest('button');
    if (!chosen) return;
    $$('button', seg).forEach(one => one.setAttribute('aria-pressed', one === chosen));
    policy = chosen.dataset.policy ?? policy;
    format = chosen.dataset.format ?? format;
    if (chosen.dataset.format && report) show(report);
  });
}
for (const button of $$('[data-copy]')) {
  button.addEventListener('click', () => copy($('#report').textContent, button));
}
$('#creds').addEventListener('change', e =>
  $$('.other').forEach(field => { field.hidden = e.target.value === 'own'; }));
$('#setup').addEventListener('submit', e => { e.preventDefault(); run(); });

async function servers() {
  if ($('#creds').value === 'other') {
    const urls = $('#urls').value.split(/[\s,]+/).filter(Boolean);
    const [username, credential] = [$('#user').value, $('#pass').value];
    return urls.map(one => (one.startsWith('stun') ? { urls: one } : { urls: one, username, credential }));
  }
  const key = await ownKey();
  if (!key) throw new Error(NO_KEY);
  return Puente.iceServers(location.origin, { key });
}

async function run() {
  running?.abort();
  const me = running = new AbortController();
  clear();
  try {
    const iceServers = await servers();
    const result = await measure(iceServers, me.signal);
    if (running === me) finish(result);
  } catch (e) {
    if (running === me && !me.signal.aborted) failed(e);
  }
}

function clear() {
  report = null;
  verdict('off', 'Testing this network', 'A few seconds: each way in gets its own connection.');
  $$('.probe').forEach(row => {
    mark(row.firstElementChild, 'off');
    $('.num', row).textContent = '…';
    $('.v', row)?.setAttribute('width', '0%');
    $('.fix', row).hidden = true;
  });
  $('#facts').replaceChildren(fact('Looking', '…'));
  $('#candidates').replaceChildren();
  $('#gathered').textContent = '';
  $('#report').textContent = 'The report comes when the test is over.';
  $$('[data-copy]').forEach(button => { button.disabled = true; });
}

async function measure(iceServers, signal) {
  const ways = waysOf(iceServers);
  const tries = Object.entries(ways).map(async ([way, server]) => {
    const result = await tryWay(way, server, signal);
    probe(way, result);
    return result;
  });
  Object.keys(NAMES).filter(way => !ways[way]).forEach(way => probe(way, null));
  const gathered = await gather(iceServers, { policy, signal });
  candidates(gathered);
  const results = Object.fromEntries((await Promise.all(tries)).map(one => [one.way, one]));
  const v6 = gathered.candidates.some(c => /^\[?[23]\w*:/.test(c.address)); // RFC 4291 §2.4: global unicast
  ipv6(v6);
  const relays = ['udp', 'tcp', 'tls'].filter(way => results[way]?.open);
  let loop = null;
  if (relays.length) {
    const best = results[relays[0]];
    loop = await loopback([ways[best.way]], { signal }).catch(e => ({ error: e.message }));
  }
  return { at: new Date().toISOString(), server: location.host, ways: results, v6, gathered, loop, relays };
}

function probe(way, result) {
  const row = $(`#p-${way}`);
  const fix = $('.fix', row);
  $('.meter', row)?.classList.toggle('none', !result);
  if (!result) {
    $('.num', row).textContent = 'none';
    fix.textContent = way === 'tls'
      ? 'The server offers none: it needs a certificate that browsers trust.'
      : 'The server offers none.';
    fix.hidden = false;
    return;
  }
  mark(row.firstElementChild, result.open ? 'ok' : 'crit');
  const ms = Math.max(1, Math.round(result.ms));
  $('.num', row).replaceChildren(...(result.open ? [make('b', {}, `${ms}`), ' ms'] : ['closed']));
  // The scale is a square root: 25 ms is half of 100, 400 ms fills the bar.
  $('.v', row).setAttribute('width', result.open ? `${Math.min(100, Math.sqrt(ms) * 5)}%` : '0%');
  fix.hidden = result.open;
  if (!result.open) fix.textContent = `${result.url}: ${result.why}.`;
}

function ipv6(has) {
  const row = $('#p-v6');
  mark(row.firstElementChild, has ? 'ok' : 'off');
  $('.num', row).textContent = has ? 'yes' : 'none';
  $('.fix', row).hidden = has;
  $('.fix', row).textContent = 'No IPv6 address came up here; calls go by IPv4.';
}

function candidates({ candidates: all, complete, ms }) {
  const whole = Math.max(ms, 1);
  const seconds = (whole / 1000).toFixed(2);
  $('#gathered').textContent = complete
    ? `${all.length} in ${seconds} s, gathering complete`
    : `${all.length}, gathering ended after ${seconds} s`;
  $('#span').textContent = `Found, 0 to ${seconds} s`;
  $('#candidates').replaceChildren(...all.map(c => candidateRow(c, whole)));
}

function candidateRow(c, whole) {
  const kind = SHAPES[c.type] ? c.type : 'srflx';
  const [shape, attributes] = SHAPES[kind];
  const start = c.ms / whole * 100;
  const cell = (label, attributes, ...content) => make('td', { 'data-l': label, ...attributes }, ...content);
  return make('tr', {},
    cell('Kind', {}, make('span', { class: 'kind' },
      make('svg', { viewBox: '0 0 10 10', 'aria-hidden': true }, make(shape, { class: `k-${kind}`, ...attributes })), c.type)),
    cell('By', {}, c.protocol ?? ''),
    cell('Address', { class: 'wide2' }, make('span', { class: 'mono' }, `${bracket(c.address)}:${c.port}`)),
    cell('Base, or server', { class: 'wide2' }, make('span', { class: 'mono muted' }, origin(c))),
    cell('Priority', { class: 'num opt' }, `${c.priority}`),
    cell('Found', { class: 'found' }, make('svg', { class: 'fall', 'aria-hidden': true },
      make('rect', { class: 't', width: '100%', height: 12, rx: 2 }),
      make('rect', { class: `k-${kind}`, width: `${Math.max(1, start)}%`, height: 12, rx: 2 }))),
    cell('After', { class: 'num' }, `${Math.round(c.ms)} ms`));
}

const bracket = address => (/^[^[]*:/.test(address) ? `[${address}]` : address ?? '?');

function origin(c) {
  if (c.type === 'host') return 'this machine';
  if (c.url) return c.url;
  return c.relayProtocol ? `turn by ${c.relayProtocol}` : `${c.relatedAddress ?? ''}:${c.relatedPort ?? ''}`;
}

const fact = (title, text) => make('div', { class: 'fact' }, make('b', {}, title), make('span', {}, text));

function facts({ ways, gathered, loop }) {
  const all = [];
  const seen = gathered.candidates.filter(c => c.type === 'srflx' && c.protocol === 'udp');
  const ports = new Set(seen.map(c => `${c.relatedPort}>${c.port}`));
  if (seen.length) {
    const mapping = new Set(seen.map(c => c.relatedPort)).size < ports.size;
    all.push(fact(
      mapping ? 'Another public port for every server' : `Seen from outside as ${seen[0].address}`,
      mapping ? 'address-dependent mapping: direct calls are unlikely, the relay carries them'
        : `port ${[...new Set(seen.map(c => c.port))].join(', ')}, behind a NAT or firewall`));
  } else if (ways.stun?.open) {
    all.push(fact('No NAT on the way', 'the server sees the same address that this machine has'));
  } else {
    all.push(fact('NAT could not be studied', 'that needs UDP'));
  }
  if (loop && !loop.error) {
    all.push(fact(
      `Relay to relay ${loop.mbps.toFixed(1)} Mb/s, ${(loop.lost * 100).toFixed(1)} % lost`,
      `${loop.seconds} s by ${loop.by ?? 'relay'}${loop.through ? ` through ${loop.through}` : ''}, round trip ${ms(loop.rttMs)}`));
  } else if (loop) {
    all.push(fact('Relay to relay failed', `the relay was reached, but carried nothing back: ${loop.error}`));
  }
  const hidden = gathered.candidates.some(c => c.address?.endsWith('.local'));
  all.push(hidden
    ? fact('Address hidden by the browser', '.local names until camera or microphone is allowed')
    : fact('Addresses shown by the browser', 'camera or microphone is allowed, or a policy says so'));
  return all;
}

const ms = value => (value === null ? 'unknown' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`);

function finish(result) {
  report = result;
  $('#facts').replaceChildren(...facts(result));
  const [state, title, text] = judge(result);
  verdict(state, title, text);
  result.verdict = title;
  show(result);
  $$('[data-copy]').forEach(button => { button.disabled = false; });
}

const COUNTS = ['no relay stands', 'a relay stands', 'two relays stand', 'three relays stand'];

function judge({ ways, relays, loop }) {
  const udp = ways.stun?.open || ways.udp?.open;
  if (loop?.error) return ['warn', 'Direct calls only: the relay carries nothing', 'It was reached, but nothing came back through it.'];
  if (udp && relays.length) {
    return ['ok', 'Calls will connect, most of them directly',
      `UDP works. If a peer is harder to reach, ${COUNTS[relays.length]} by.`];
  }
  if (udp) return ['warn', 'Calls connect where the networks let them', 'UDP works, but no relay stands by for peers that are harder to reach.'];
  if (relays.length) {
    const by = relays.map(way => way.toUpperCase()).join(' and ');
    return ['warn', `Calls connect only through ${by}`, `UDP is blocked here. Sound and picture work, with more delay. Ask the network's owner to open UDP to ${location.hostname}.`];
  }
  return ['crit', 'Calls will not connect from here', 'Neither UDP nor the relay could be reached.'];
}

function verdict(state, title, text) {
  const box = $('#verdict');
  mark(box, state);
  $('h1', box).textContent = title;
  $('p', box).textContent = text;
}

function failed(e) {
  verdict('crit', 'The test could not begin', e.message);
  $$('.probe .num').forEach(cell => { cell.textContent = '–'; });
  $('#facts').replaceChildren(fact('Nothing was measured', 'see above'));
}

function show(result) {
  $('#report').textContent = format === 'json' ? JSON.stringify(result, null, 2) : asText(result);
}

function asText({ at, server, ways, v6, gathered, loop, verdict: title }) {
  const lines = [`Puente ICE test, ${at.slice(0, 16).replace('T', ' ')} UTC, ${server}`];
  for (const [way, name] of Object.entries(NAMES)) {
    const one = ways[way];
    if (!one) lines.push(`none  ${name}`);
    else if (!one.open) lines.push(`fail  ${name} ${one.url} ${one.why}`);
    else {
      const c = one.candidate;
      lines.push(`ok    ${name} ${Math.round(one.ms)} ms${c ? `    ${c.type} ${bracket(c.address)}:${c.port}` : ''}`);
    }
  }
  lines.push(v6 ? 'ok    ipv6' : 'none  ipv6');
  if (loop?.error) lines.push(`fail  relay to relay: ${loop.error}`);
  else if (loop) {
    lines.push(`loop  relay to relay ${loop.mbps.toFixed(1)} Mb/s, ${(loop.lost * 100).toFixed(1)} % lost, ${ms(loop.rttMs)}`);
  }
  lines.push(`${gathered.candidates.length} candidates in ${(gathered.ms / 1000).toFixed(2)} s. Verdict: ${title}.`);
  return lines.join('\n');
}

$(`[data-policy=${policy}]`).click();
run();
