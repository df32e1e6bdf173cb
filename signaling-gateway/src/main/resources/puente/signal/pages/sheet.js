// The sheet beside a call: the path to somebody, the chat, the people.
import { $, copy, make } from './site.js';

export function createSheet({ talk, room, net, sendLine }) {
  const sheet = $('#sheet');
  const body = $('#sheetbody');
  let kind = null;
  let opener = null;
  let peer = null;
  $('#sheetclose').addEventListener('click', close);

  function open(what, by, about) {
    if (kind === what && peer === (about ?? null)) return close();
    [kind, opener, peer] = [what, by, about ?? null];
    body.replaceChildren();
    ({ path, chat, people })[what]();
    sheet.hidden = false;
    ($('input', body) ?? $('#sheetclose')).focus();
  }

  function close() {
    if (sheet.hidden) return;
    sheet.hidden = true;
    kind = peer = null;
    opener?.focus();
  }

  const title = text => { $('#sheettitle').textContent = text; };
  const name = one => String(one.meta?.name ?? one.id).slice(0, 40);

  function path() {
    title(`Path to ${name(peer)}`);
    body.append($('#path').content.cloneNode(true));
    $('.copy', body).addEventListener('click', async e =>
      copy(JSON.stringify(await peer.stats(), null, 2), e.currentTarget));
    peer.stats().then(stats => refresh(peer, stats), () => {});
  }

  function refresh(about, stats) {
    if (kind !== 'path' || about !== peer || !stats.path) return;
    const by = stats.protocol.toUpperCase();
    const ms = stats.rttMs === null ? '' : `${Math.max(1, Math.round(stats.rttMs))} ms`;
    const picture = $('.bridge', body);
    picture.classList.toggle('by-relay', stats.relay);
    picture.setAttribute('viewBox', stats.relay ? '0 0 360 128' : '0 72 360 56');
    picture.setAttribute('aria-label', stats.relay
      ? `You, over ${by} to the relay, and on to ${name(peer)}` : `You, straight to ${name(peer)} over ${by}`);
    $('.them', body).textContent = name(peer);
    $('.over', body).textContent = stats.relay ? 'not direct' : `${by} ${ms}`;
    $('.text', body).replaceChildren('Media goes ', make('b', {}, stats.relay ? 'through the relay' : 'directly'),
      stats.relay ? '. It stays encrypted end to end; the relay sees packets, not pictures.'
        : ` to ${name(peer)}, encrypted end to end.`);
    $('.in', body).textContent = rate(stats.kbps.received);
    $('.out', body).textContent = rate(stats.kbps.sent);
    $('.rtt', body).textContent = ms || 'not measured yet';
    const left = Math.round(((net()?.iceExpiresAt ?? 0) - Date.now()) / 60_000);
    $('.good', body).textContent = left > 0 ? `good for ${left} min, renewed by themselves` : 'renewed by themselves';
  }

  const rate = kbps => (kbps >= 1_000 ? `${(kbps / 1_000).toFixed(2)} Mb/s` : `${kbps} kb/s`);

  function chat() {
    title('Chat');
    body.append($('#chatbody').content.cloneNode(true));
    $('form', body).addEventListener('submit', e => {
      e.preventDefault();
      const text = $('#line').value.trim();
      $('#line').value = '';
      if (text) sendLine(text);
    });
    refreshTalk();
  }

  /** True when somebody sees it. */
  function refreshTalk() {
    if (kind !== 'chat') return false;
    const list = $('.talk', body);
    list.replaceChildren(...talk.map(({ who, text }) => make('li', {}, make('b', {}, who), ' ', text)));
    list.parentElement.scrollTop = list.scrollHeight;
    return true;
  }

  function people() {
    title('People');
    const all = [...(room()?.peers.values() ?? [])];
    body.append(make('ul', { class: 'people' }, make('li', {}, 'You'),
      ...all.map(one => make('li', {}, name(one), make('span', { class: 'muted' },
        one.presence?.mic === false ? 'muted' : one.connected ? 'connected' : 'connecting')))));
  }

  return { open, close, refresh, refreshTalk };
}
