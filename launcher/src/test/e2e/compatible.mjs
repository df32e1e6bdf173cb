// The clients of PeerJS and y-webrtc, unmodified from npm, against a server of their protocols:
// ours, or theirs to see that these checks are right.
//
// Usage: node compatible.mjs CHROMIUM SITE_PORT PEERJS_HOST:PORT/PATH Y_WEBRTC_URL [GATEWAY KEY
//   [PEERJS_HOST:PORT/PATH Y_WEBRTC_URL]]
// With a second server, which is another node of the first one's cluster, the second client of each
// pair is there.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join, normalize } from 'node:path';
import { check, launch, report, visitor } from './browser.mjs';

const [chromium, sitePort, peerServer, yServer, gateway, key, ...second] = process.argv.slice(2);
const [peerServers, yServers] = [[peerServer, second[0] ?? peerServer], [yServer, second[1] ?? yServer]];
const modules = fileURLToPath(new URL('node_modules/', import.meta.url));
const imports = {
  yjs: '/npm/yjs/dist/yjs.mjs',
  'y-webrtc': '/npm/y-webrtc/src/y-webrtc.js',
  'simple-peer/simplepeer.min.js': '/simple-peer.js',
  'lib0/': '/npm/lib0/',
  'y-protocols/': '/npm/y-protocols/',
};
const html = `<!doctype html><title>npm</title>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script src="/npm/peerjs/dist/peerjs.min.js"></script>`;

// What a bundler would do: find the file of a module, and give CommonJS a default export.
const site = createServer(async (request, response) => {
  const asked = normalize(request.url.split('?')[0]);
  try {
    let body = html;
    let type = 'text/html';
    if (asked !== '/') {
      type = 'text/javascript';
      const file = asked === '/simple-peer.js' ? 'simple-peer/simplepeer.min.js' : asked.replace('/npm/', '');
      body = await readFile(join(modules, /\.m?js$/.test(file) ? file : `${file}.js`), 'utf8');
      if (asked === '/simple-peer.js') {
        body = `const module = { exports: {} }, exports = module.exports;\n${body};\nexport default module.exports;`;
      }
    }
    response.writeHead(200, { 'content-type': type });
    response.end(body);
  } catch {
    response.writeHead(404);
    response.end();
  }
});
await new Promise(ready => site.listen(Number(sitePort), '127.0.0.1', ready));

const browser = await launch(chromium);
let iceServers = [];
let ana;
let ben;

await report(browser, {
  async iceServers() {
    if (!gateway) return {};
    const page = await open('visitor');
    iceServers = await page.evaluate(async ([from, with_]) => {
      const { Puente } = await import(`${from}/sdk/puente.js`);
      return Puente.iceServers(from, { key: with_ });
    }, [gateway, key]);
    check(iceServers.some(one => [one.urls].flat().some(url => url.startsWith('turn:'))), 'a TURN server');
    return {};
  },

  async peerJsData() {
    [ana, ben] = await Promise.all(['Ana', 'Ben'].map(open));
    const ids = await Promise.all([ana, ben].map((page, i) => start(page, peerServers[i])));
    check(ids.every(id => /^[0-9a-f-]{36}$/.test(id)), ids);
    const answer = await ana.evaluate(id => new Promise((resolve, reject) => {
      const other = peer.connect(id, { metadata: { from: 'Ana' }, reliable: true });
      other.on('open', () => other.send({ text: 'hello', bytes: new Uint8Array(1_000).fill(7) }));
      other.on('data', resolve);
      other.on('error', reject);
    }), ids[1]);
    check(answer === 'hello 1000 Ana', answer);
    return { relayed: await relayed(ben) };
  },

  async peerJsCall() {
    const id = await ben.evaluate(() => peer.id);
    const width = await ana.evaluate(async to => {
      const camera = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
      const theirs = await new Promise(resolve => { peer.call(to, camera).on('stream', resolve); });
      const video = document.body.appendChild(document.createElement('video'));
      Object.assign(video, { srcObject: theirs, muted: true });
      await video.play();
      return video.videoWidth;
    }, id);
    check(width > 0, { width });
    return { width };
  },

  async peerJsUnavailable() {
    const [type, ms] = await ana.evaluate(() => new Promise(resolve => {
      const began = Date.now();
      peer.on('error', e => resolve([e.type, Date.now() - began]));
      peer.connect('nobody-of-this-name');
    }));
    check(type === 'peer-unavailable' && ms > 4_000 && ms < 8_000, [type, ms]);
    return { expiredAfterMs: ms };
  },

  async peerJsTakenAndBack() {
    const taken = await ana.evaluate(other => new Promise(resolve => {
      const second = new Peer(peer.id, other);
      second.on('error', e => resolve(e.type));
      second.on('open', () => resolve('open'));
    }), place(peerServers[1]));
    check(taken === 'unavailable-id', taken);
    // PeerServer says nothing to a client that is back before its old socket is closed.
    if (!gateway) return {};
    const same = await ana.evaluate(() => new Promise(resolve => {
      const { id } = peer;
      peer.disconnect();
      peer.on('open', now => resolve(now === id));
      peer.reconnect();
    }));
    check(same, 'the same id again');
    return {};
  },

  async yjs() {
    // Whatever became of the others' calls: what they do takes nothing from these two.
    await Promise.all([ana, ben].map(page => page?.context().close()));
    const pages = await Promise.all(['Yan', 'Yin'].map(open));
    // One after the other: two that announce themselves at the same moment both call, and what
    // y-webrtc makes of two crossing offers does not always end in a connection.
    for (const [i, page] of pages.entries()) {
      await page.evaluate(async ([server, word, ice]) => {
        const [Y, { WebrtcProvider }] = await Promise.all([import('yjs'), import('y-webrtc')]);
        window.doc = new Y.Doc();
        window.provider = new WebrtcProvider('shared', doc, {
          signaling: [server], password: 'secret', peerOpts: { config: { iceServers: ice } },
        });
        doc.getArray('words').push([word]);
      }, [yServers[i], `word ${i}`, iceServers]);
      await page.waitForFunction(() => provider.signalingConns.every(one => one.connected));
    }
    const both = () => doc.getArray('words').length === 2;
    await Promise.all(pages.map(page => page.waitForFunction(both)));
    const texts = await Promise.all(pages.map(page => page.evaluate(() => JSON.stringify(doc.toJSON()))));
    check(texts[0] === texts[1], texts);
    return { text: texts[0] };
  },
});

async function open(name) {
  const page = await visitor(browser, name);
  await page.goto(`http://127.0.0.1:${sitePort}/`);
  return page;
}

function place(server) {
  const [, host, port, path] = server.match(/^([^:]+):(\d+)(\/.*)$/);
  return { host, port: Number(port), path };
}

function start(page, server) {
  const config = { iceServers, iceTransportPolicy: iceServers.length ? 'relay' : 'all' };
  return page.evaluate(all => new Promise((resolve, reject) => {
    window.peer = new Peer(all);
    peer.on('open', resolve);
    peer.on('error', reject);
    peer.on('connection', from => from.on('data', ({ text, bytes }) =>
      from.send(`${text} ${bytes.byteLength ?? bytes.length} ${from.metadata.from}`)));
    peer.on('call', async call =>
      call.answer(await navigator.mediaDevices.getUserMedia({ video: true, audio: true })));
  }), { ...place(server), config });
}

/** Whether the first connection goes through the relay, as the policy wants. */
async function relayed(page) {
  return page.evaluate(async () => {
    const [[connection]] = Object.values(peer.connections);
    const stats = [...(await connection.peerConnection.getStats()).values()];
    return stats.some(one => one.type === 'local-candidate' && one.candidateType === 'relay');
  });
}
