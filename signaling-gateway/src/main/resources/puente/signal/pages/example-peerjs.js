// Shows the settings for this server, and asks its endpoint what PeerJS would ask.
import { $, copy, mark } from './site.js';

const port = location.port || (location.protocol === 'https:' ? 443 : 80);
const code = `import { Peer } from 'peerjs';          // npm install peerjs

const peer = new Peer({
  host: '${location.hostname}',
  port: ${port},
  path: '/peerjs',
  secure: ${location.protocol === 'https:'},
});
peer.on('open', id => console.log('I am', id));
peer.on('connection', other => other.on('data', console.log));

const other = peer.connect('the id of somebody else');
other.on('open', () => other.send('hello'));`;
$('#code').textContent = code;
$('#copy').addEventListener('click', e => copy(code, e.currentTarget));

function line(state, text) {
  mark($('#check'), state);
  $('#check span').textContent = text;
}

try {
  const began = performance.now();
  const id = await (await fetch('/peerjs/peerjs/id')).text();
  const socket = new WebSocket(new URL(`/peerjs/peerjs?key=peerjs&id=${id}&token=check`, location.href.replace(/^http/, 'ws')));
  socket.onmessage = ({ data }) => {
    const { type, payload } = JSON.parse(data);
    if (type === 'OPEN') line('ok', `This server answers: OPEN after ${Math.round(performance.now() - began)} ms`);
    else line('crit', payload?.msg ?? type);
    socket.close();
  };
  socket.onerror = () => line('crit', 'The WebSocket could not be opened.');
} catch (e) {
  line('crit', e.message);
}
