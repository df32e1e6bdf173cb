// Shows the settings for this server, and sees whether its endpoint carries a message.
import { $, copy, mark } from './site.js';

const url = new URL('/y-webrtc', location.href.replace(/^http/, 'ws')).href;
const code = `import * as Y from 'yjs';                            // npm install yjs y-webrtc
import { WebrtcProvider } from 'y-webrtc';
import { Puente } from '${location.origin}/sdk/puente.js';

const iceServers = await Puente.iceServers('${location.origin}', { key: 'pub_...' });
const doc = new Y.Doc();
const provider = new WebrtcProvider('my-document', doc, {
  signaling: ['${url}'],
  password: 'only whoever has this can read',        // the server sees nothing but noise
  peerOpts: { config: { iceServers } },
});
doc.getText('text').insert(0, 'hello');`;
$('#code').textContent = code;
$('#copy').addEventListener('click', e => copy(code, e.currentTarget));

function line(state, text) {
  mark($('#check'), state);
  $('#check span').textContent = text;
}

const topic = `check-${crypto.randomUUID()}`;
const socket = new WebSocket(url);
const began = performance.now();
socket.onopen = () => {
  socket.send(JSON.stringify({ type: 'subscribe', topics: [topic] }));
  socket.send(JSON.stringify({ type: 'publish', topic, data: 'hello' }));
};
socket.onmessage = () => {
  line('ok', `This server answers: a message went round in ${Math.round(performance.now() - began)} ms`);
  socket.close();
};
socket.onerror = () => line('crit', 'The WebSocket could not be opened.');
