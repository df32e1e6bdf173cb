// The call page: everybody in a room sees and hears everybody, all of it through /sdk/puente.js.
import { Puente } from '/sdk/puente.js';
import { createSheet } from './sheet.js';
import { $, $$, NO_KEY, asked, copy, make, mark, ownKey, say } from './site.js';
import { tryWay, waysOf } from './probe.js';

const PEOPLE_MOST = 4;
const WORDS = ['amber', 'blue', 'calm', 'dawn', 'early', 'green', 'long', 'quiet', 'silver', 'tall'];
const BIRDS = ['crane', 'egret', 'finch', 'heron', 'ibis', 'kite', 'lark', 'plover', 'swift', 'wren'];

const want = { audio: true, video: true };
const tiles = new Map();
const talk = [];
let media = new MediaStream();
let screen = null;
let key = null;
let net = null;
let room = null;
let startedAt = 0;
const sheet = createSheet({ talk, room: () => room, net: () => net, sendLine });

async function start() {
  $('#room').value = nameFromUrl() || suggestion();
  $('#name').value = remembered() || `guest-${Math.floor(100 + Math.random() * 900)}`;
  renamed();
  $('#room').addEventListener('input', renamed);
  $('#join').addEventListener('submit', e => { e.preventDefault(); enter(); });
  $('#leave').addEventListener('click', leave);
  for (const kind of ['mic', 'cam']) {
    for (const id of [kind, `${kind}0`]) $(`#${id}`).addEventListener('click', () => toggle(kind));
  }
  for (const id of ['camera', 'microphone']) $(`#${id}`).addEventListener('change', openDevices);
  $('#share').addEventListener('click', share);
  $('#chat').addEventListener('click', e => { $('#chat .dot').hidden = true; sheet.open('chat', e.currentTarget); });
  $('#people').addEventListener('click', e => sheet.open('people', e.currentTarget));
  $$('[data-link]').forEach(one => one.addEventListener('click', () => copy(link(), one)));
  addEventListener('keydown', shortcut);
  addEventListener('pagehide', () => net?.close());
  addEventListener('hashchange', () => { if (!room) { $('#room').value = nameFromUrl() || suggestion(); renamed(); } });
  await Promise.all([openDevices(), checkNetwork()]);
}

const nameFromUrl = () => decodeURIComponent(location.hash.slice(1)) || asked.get('room') || '';
const pick = list => list[Math.floor(Math.random() * list.length)];
// A name that nobody guesses: whoever has it can come in.
const suggestion = () => `${pick(WORDS)}-${pick(BIRDS)}-${[...crypto.getRandomValues(new Uint8Array(10))].map(n => (n % 32).toString(32)).join('')}`;
const link = () => `${location.origin}/#${encodeURIComponent($('#room').value.trim())}`;

function remembered() {
  try { return localStorage.getItem('puente-name'); } catch { return ''; }
}

function renamed() {
  const name = $('#room').value.trim();
  $('#go').textContent = name ? `Join ${name}` : 'Join';
}

// ---- Camera and microphone ----------------------------------------------------------------------

async function openDevices() {
  media.getTracks().forEach(track => track.stop());
  const chosen = id => ($(`#${id}`).value ? { deviceId: { exact: $(`#${id}`).value } } : true);
  const video = { width: { ideal: 1280 }, height: { ideal: 720 }, ...(chosen('camera') === true ? {} : chosen('camera')) };
  try {
    if (!navigator.mediaDevices) throw new Error('Browsers give the camera to https:// and localhost only.');
    media = await navigator.mediaDevices.getUserMedia({ audio: chosen('microphone'), video })
      .catch(() => navigator.mediaDevices.getUserMedia({ audio: chosen('microphone') }));
    $('#nopicture').hidden = media.getVideoTracks().length > 0;
    if (!media.getVideoTracks().length) $('#why').textContent = 'There is no camera, or it is taken; people will hear you.';
    meter(media);
  } catch (e) {
    media = new MediaStream();
    $('#nopicture').hidden = false;
    $('#why').textContent = navigator.mediaDevices
      ? 'Camera and microphone are not allowed here; you can watch and listen.' : e.message;
  }
  $('#preview').srcObject = media;
  if (!screen) $('#me video').srcObject = media;
  apply();
  if (room) { // joined before they were allowed
    present();
    await Promise.all([...tiles.values()].map(give));
  }
  await listDevices();
}

async function listDevices() {
  const all = await navigator.mediaDevices?.enumerateDevices() ?? [];
  for (const [id, kind] of [['camera', 'videoinput'], ['microphone', 'audioinput']]) {
    const now = $(`#${id}`).value;
    const options = all.filter(one => one.kind === kind)
      .map((one, i) => make('option', { value: one.deviceId }, one.label || `${id} ${i + 1}`));
    $(`#${id}`).replaceChildren(...(options.length ? options : [make('option', { value: '' }, 'none')]));
    if (now) $(`#${id}`).value = now;
  }
}

function meter(stream) {
  if (!stream.getAudioTracks().length) return;
  const audio = new AudioContext();
  const analyser = audio.createAnalyser();
  analyser.fftSize = 512;
  audio.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const bars = $$('.level rect');
  const timer = setInterval(() => {
    if (!stream.active || room) { clearInterval(timer); audio.close(); return; }
    analyser.getFloatTimeDomainData(wave);
    const level = want.audio ? Math.sqrt(wave.reduce((sum, v) => sum + v * v, 0) / wave.length) : 0;
    bars.forEach((bar, i) => bar.classList.toggle('on', level > [0.01, 0.04, 0.1, 0.2][i]));
  }, 100);
}

function toggle(kind) {
  const what = kind === 'mic' ? 'audio' : 'video';
  want[what] = !want[what];
  apply();
  say(`${kind === 'mic' ? 'Microphone' : 'Camera'} ${want[what] ? 'on' : 'off'}`);
  present();
}

const present = () => room?.setPresence(presence()).catch(() => {});
const presence = () => ({ mic: want.audio && media.getAudioTracks().length > 0, cam: (want.video && media.getVideoTracks().length > 0) || Boolean(screen) });

function apply() {
  media.getAudioTracks().forEach(track => { track.enabled = want.audio; });
  media.getVideoTracks().forEach(track => { track.enabled = want.video; });
  for (const [id, on] of [['mic', want.audio], ['cam', want.video]]) {
    for (const one of [id, `${id}0`]) $(`#${one}`).setAttribute('aria-pressed', on);
  }
  face($('#me'), presence().cam, $('#name').value);
}

async function share() {
  if (screen) return stopSharing();
  try {
    screen = await navigator.mediaDevices.getDisplayMedia({ video: true });
  } catch {
    say('Nothing is shared');
    return;
  }
  screen.getVideoTracks()[0].onended = stopSharing;
  await Promise.all([...tiles.values()].map(give));
  $('#me').classList.add('screen');
  $('#me video').srcObject = screen;
  $('#share .txt').textContent = 'Stop';
  apply();
  present();
}

async function stopSharing() {
  screen?.getTracks().forEach(track => track.stop());
  screen = null;
  $('#me').classList.remove('screen');
  $('#me video').srcObject = media;
  $('#share .txt').textContent = 'Share';
  await Promise.all([...tiles.values()].map(give));
  apply();
  present();
}

/** What is to be heard and seen of us now, to one of the others. */
async function give(one) {
  const sound = media.getAudioTracks()[0];
  const picture = screen?.getVideoTracks()[0] ?? media.getVideoTracks()[0];
  for (const [kind, track] of Object.entries({ sound, picture })) {
    if (one[kind]) await one[kind].replaceTrack(track ?? null);
    else if (track) one[kind] = one.peer.pc.addTrack(track, media);
  }
}

// ---- The network, before the call ---------------------------------------------------------------

async function checkNetwork() {
  key = asked.get('key') ?? await ownKey().catch(() => null);
  if (!key) {
    line('direct', 'warn', NO_KEY, '');
    line('relay', 'off', 'No relay without credentials', '');
    return;
  }
  try {
    const ways = waysOf(await Puente.iceServers(location.origin, { key }));
    const results = await Promise.all(Object.entries(ways).map(([way, server]) => tryWay(way, server)));
    const open = results.filter(one => one.open);
    const stun = open.find(one => one.way === 'stun');
    const relays = open.filter(one => one.way !== 'stun').map(one => `${one.way.toUpperCase()} ${Math.max(1, Math.round(one.ms))}`);
    line('direct', stun ? 'ok' : 'warn', stun ? 'Direct calls likely' : 'Direct calls unlikely: UDP is blocked',
      stun ? `UDP, ${Math.max(1, Math.round(stun.ms))} ms` : '');
    if (results.every(one => one.way === 'stun')) {
      line('relay', 'off', 'This server gives pages no relay', '');
      return;
    }
    line('relay', relays.length ? 'ok' : 'warn', relays.length ? 'Relay ready if not' : 'No relay could be reached',
      relays.length ? `${relays.join(', ')} ms` : '');
  } catch (e) {
    line('direct', 'warn', 'The network could not be checked', '');
    line('relay', 'warn', e.message, '');
  }
}

function line(id, state, text, detail) {
  const item = $(`#${id}`);
  mark(item, state);
  const [first, second] = $$('span', item);
  first.textContent = text;
  second.textContent = detail;
}

// ---- The call -----------------------------------------------------------------------------------

async function enter() {
  const name = $('#room').value.trim();
  const me = $('#name').value.trim() || 'guest';
  try { localStorage.setItem('puente-name', me); } catch { /* a private window remembers nothing */ }
  $('#go').disabled = true;
  $('#failure').hidden = true;
  try {
    net = await Puente.connect(new URL('/signal', location.href), {
      key: key ?? undefined,
      meta: { name: me },
      rtc: { iceTransportPolicy: asked.has('relay') ? 'relay' : 'all' },
    });
    net.on('state', state => { $('#signal').textContent = { resuming: 'reconnecting …', closed: 'disconnected' }[state] ?? ''; });
    const shown = presence();
    room = await net.join(name, { meta: { name: me }, presence: shown });
    if (presence().mic !== shown.mic || presence().cam !== shown.cam) present(); // allowed meanwhile
  } catch (e) {
    net?.close();
    net = null;
    $('#failure').textContent = `Could not join: ${e.message}`;
    $('#failure').hidden = false;
    return;
  } finally {
    $('#go').disabled = false;
  }
  history.replaceState(null, '', `${location.pathname}${location.search}#${encodeURIComponent(name)}`);
  startedAt = Date.now();
  $('#lobby').hidden = true;
  $('#call').hidden = false;
  $('#roomname').textContent = name;
  $('#link').textContent = link().replace(/^https?:\/\//, '');
  document.title = `${name}, Puente`;
  room.on('peer', arrive);
  room.on('left', peer => { tiles.get(peer.id)?.element.remove(); tiles.delete(peer.id); layout(); say(`${called(peer)} left`); });
  room.on('presence', peer => show(peer));
  room.on('message', (data, peer) => data.line && heard(called(peer), data.line));
  layout();
  tick();
}

function leave() {
  sheet.close();
  net?.close();
  tiles.forEach(one => one.element.remove());
  tiles.clear();
  net = room = null;
  talk.length = 0;
  $('#call').hidden = true;
  $('#lobby').hidden = false;
  document.title = 'Call, Puente';
  meter(media);
  $('#room').focus();
}

const called = peer => String(peer.meta?.name ?? peer.id).slice(0, 40);

function arrive(peer) {
  if (tiles.has(peer.id) || tiles.size >= PEOPLE_MOST - 1) return;
  const element = $('#tile').content.cloneNode(true).firstElementChild;
  tiles.set(peer.id, { element, peer });
  $('#stage').append(element);
  const stream = new MediaStream();
  $('video', element).srcObject = stream;
  $('video', element).setAttribute('aria-label', called(peer));
  peer.on('track', track => {
    stream.getTracks().filter(old => old.kind === track.kind).forEach(old => stream.removeTrack(old));
    stream.addTrack(track);
  });
  peer.on('path', () => measure(peer));
  peer.on('state', () => show(peer));
  $('.routebadge', element).addEventListener('click', e => sheet.open('path', e.currentTarget, peer));
  const one = tiles.get(peer.id);
  give(one);
  if (!one.sound && !one.picture) peer.channel('watching'); // or nobody would begin
  show(peer);
  layout();
  say(`${called(peer)} is here`);
}

function layout() {
  const n = tiles.size + 1;
  $('#stage').dataset.n = n > 2 ? 4 : n;
  $('#stage').dataset.people = n;
}

function face(tile, seen, name) {
  tile.classList.toggle('off', !seen);
  $('.initial', tile).textContent = seen ? '' : (name.trim()[0] ?? '?').toUpperCase();
}

function show(peer) {
  const element = tiles.get(peer.id)?.element;
  if (!element) return;
  const muted = peer.presence?.mic === false;
  $('.who', element).textContent = muted ? `${called(peer)}, muted` : called(peer);
  face(element, peer.presence?.cam !== false, called(peer));
  const trouble = /disconnected|failed/.test(peer.pc.iceConnectionState);
  element.classList.toggle('trouble', trouble);
  $('.say', element).hidden = !trouble;
  $('.say span', element).textContent = `The network to ${called(peer)} changed. Sound returns first.`;
  if (trouble) badge(element, 'bad', 'none', 'reconnecting', '');
}

function badge(element, look, glyph, word, ms) {
  const button = $('.routebadge', element);
  button.className = `routebadge ${look}`;
  $('use', button).setAttribute('href', `#i-r-${glyph}`);
  $('.word', button).textContent = word;
  $('.ms', button).textContent = ms;
}

async function measure(peer) {
  const one = tiles.get(peer.id);
  if (!one || !peer.connected) return;
  const stats = await peer.stats().catch(() => null);
  if (!stats?.path) return;
  one.stats = stats;
  const kind = stats.relay ? 'relay' : 'direct';
  const ms = stats.rttMs === null ? '' : `${Math.max(1, Math.round(stats.rttMs))} ms`;
  badge(one.element, kind, kind, `${kind}, ${stats.protocol.toUpperCase()}`, ms);
  const speaking = peer.pc.getReceivers().find(r => r.track.kind === 'audio')?.getSynchronizationSources()[0];
  one.element.classList.toggle('talking', (speaking?.audioLevel ?? 0) > 0.03);
  sheet.refresh(peer, stats);
}

function tick() {
  if (!room) return;
  const minutes = Math.floor((Date.now() - startedAt) / 60_000);
  $('#since').textContent = minutes ? `${minutes} min` : '';
  tiles.forEach(({ peer }) => measure(peer));
  setTimeout(tick, 1_000);
}

// ---- Words --------------------------------------------------------------------------------------

function sendLine(text) {
  heard('You', text);
  room?.broadcast({ line: text }).catch(e => heard('Puente', `not sent: ${e.message}`));
}

function heard(who, text) {
  talk.push({ who: String(who), text: String(text).slice(0, 2_000) });
  if (talk.length > 200) talk.shift();
  if (!sheet.refreshTalk() && who !== 'You') {
    $('#chat .dot').hidden = false;
    say(`${who}: ${text}`);
  }
}

function shortcut(e) {
  if (e.key === 'Escape') sheet.close();
  if (!room || e.ctrlKey || e.metaKey || e.altKey || /input|select|textarea/i.test(e.target.tagName)) return;
  const button = { m: '#mic', v: '#cam', s: '#share', c: '#chat', p: '#people' }[e.key];
  if (button) { e.preventDefault(); $(button).click(); }
}

start();
