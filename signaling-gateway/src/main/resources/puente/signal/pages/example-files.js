import { Puente } from '/sdk/puente.js';
import { ownKey } from './site.js';

const PIECE = 16_384;
const log = text => document.querySelector('#log').append(`${text}\n`);
const input = document.querySelector('#file');

const net = await Puente.connect('/signal', { key: await ownKey() });
const room = await net.join(new URLSearchParams(location.search).get('room') ?? 'files');
input.disabled = false;
log('Open this page in a second window.');

room.on('peer', peer => {
  const channel = peer.channel('files', { negotiated: true, id: 1 }); // both sides open it
  let name;
  let pieces = [];
  channel.binaryType = 'arraybuffer';
  channel.onopen = async () => log(`Connected: ${(await peer.stats()).path}`);
  channel.onmessage = ({ data }) => {
    if (typeof data !== 'string') pieces.push(data);
    else if (data) [name, pieces] = [data, []];
    else offer(name, new Blob(pieces));
  };
  input.addEventListener('change', () => send(channel, input.files[0]));
});

async function send(channel, file) {
  channel.send(file.name);
  for (let at = 0; at < file.size; at += PIECE) {
    while (channel.bufferedAmount > 1 << 20) await new Promise(done => setTimeout(done, 20));
    channel.send(await file.slice(at, at + PIECE).arrayBuffer());
  }
  channel.send('');
  log(`Sent ${file.name}`);
}

function offer(name, blob) {
  const link = document.createElement('a');
  Object.assign(link, { href: URL.createObjectURL(blob), download: name, textContent: name });
  document.querySelector('#got').append(link);
  log(`Received ${name}, ${blob.size} bytes`);
}
