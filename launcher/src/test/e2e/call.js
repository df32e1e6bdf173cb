// One side of the call. The test script carries the signaling: it calls these functions and
// receives candidates through window.tell.
'use strict';

let peer;
let channel;
let who;
const echoes = { sent: 0, intact: 0, wrong: 0 };
const waiting = new Map();

const show = (id, text) => { document.getElementById(id).textContent = text; };

async function join(settings) {
  who = settings;
  show('title', `${who.me} and ${who.you}, through the relay`);
  show('subtitle', `${who.server}, ${who.url}, relayed candidates only`);
  show('me', who.me);
  show('you', who.you);
  show('pathMe', who.me);
  show('pathYou', who.you);
  show('serverName', who.server);
  peer = new RTCPeerConnection({
    iceTransportPolicy: 'relay',
    iceServers: [{ urls: who.url, username: who.user, credential: who.password }],
  });
  window.candidateErrors = [];
  peer.onicecandidate = e => e.candidate && window.tell(e.candidate.toJSON());
  peer.onicecandidateerror = e => window.candidateErrors.push(`${e.errorCode} ${e.errorText} ${e.url}`);
  peer.onconnectionstatechange = () => {
    show('state', peer.connectionState);
    document.getElementById('state').className = `state ${peer.connectionState}`;
  };
  peer.ontrack = e => { document.getElementById('theirs').srcObject = e.streams[0]; };
  const camera = await navigator.mediaDevices.getUserMedia({
    video: { width: 640, height: 480, frameRate: 20 }, audio: true,
  });
  const signed = await nameTag(camera);
  document.getElementById('mine').srcObject = signed;
  signed.getTracks().forEach(track => peer.addTrack(track, signed));
  channel = peer.createDataChannel('talk', { negotiated: true, id: 1 });
  channel.binaryType = 'arraybuffer';
  channel.onmessage = e => accept(e.data);
}

// Every fake camera shows the same picture: a name and a colour in it say whose video arrived.
async function nameTag(camera) {
  const source = document.createElement('video');
  source.muted = true;
  source.srcObject = camera;
  await source.play();
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
  const draw = canvas.getContext('2d');
  setInterval(() => {
    draw.filter = `hue-rotate(${who.hue}deg) saturate(0.55)`;
    draw.drawImage(source, 0, 0, canvas.width, canvas.height);
    draw.filter = 'none';
    draw.fillStyle = '#fff';
    draw.font = '600 56px "DejaVu Sans", sans-serif';
    draw.textAlign = 'center';
    draw.fillText(who.me, canvas.width / 2, 440);
  }, 50);
  return new MediaStream([...canvas.captureStream(20).getVideoTracks(), ...camera.getAudioTracks()]);
}

// The first byte says what a message is: 0 asks for an echo, 1 is one.
function accept(data) {
  const bytes = new Uint8Array(data);
  if (bytes[0] === 0) {
    const answer = bytes.slice();
    answer[0] = 1;
    channel.send(answer);
    return;
  }
  const serial = new DataView(data).getUint32(1);
  const expected = waiting.get(serial);
  waiting.delete(serial);
  const same = expected && expected.length === bytes.length
    && expected.every((byte, i) => i === 0 || byte === bytes[i]);
  echoes[same ? 'intact' : 'wrong']++;
}

async function talk(count, largest) {
  if (channel.readyState !== 'open') {
    await new Promise(opened => { channel.onopen = opened; });
  }
  for (let serial = 0; serial < count; serial++) {
    const bytes = new Uint8Array(5 + Math.floor(Math.random() * largest));
    crypto.getRandomValues(bytes);
    bytes[0] = 0;
    new DataView(bytes.buffer).setUint32(1, serial);
    waiting.set(serial, bytes);
    channel.send(bytes);
    echoes.sent++;
  }
}

const offer = async () => { await peer.setLocalDescription(); return peer.localDescription.toJSON(); };
const take = description => peer.setRemoteDescription(description);
const add = candidate => peer.addIceCandidate(candidate);

async function facts() {
  const stats = [...(await peer.getStats()).values()];
  const byId = new Map(stats.map(s => [s.id, s]));
  const transport = stats.find(s => s.type === 'transport');
  const pairs = stats.filter(s => s.type === 'candidate-pair');
  const selected = byId.get(transport?.selectedCandidatePairId);
  const local = byId.get(selected?.localCandidateId);
  const remote = byId.get(selected?.remoteCandidateId);
  const video = stats.find(s => s.type === 'inbound-rtp' && s.kind === 'video');
  const sum = field => pairs.reduce((total, pair) => total + (pair[field] ?? 0), 0);
  const relayOnly = pairs.every(pair => byId.get(pair.localCandidateId)?.candidateType === 'relay');
  return {
    state: peer.connectionState,
    localType: local?.candidateType,
    remoteType: remote?.candidateType,
    localRelay: local && `${local.address}:${local.port}`,
    remoteRelay: remote && `${remote.address}:${remote.port}`,
    relayProtocol: local?.relayProtocol,
    relayOnly,
    bytesSent: sum('bytesSent'),
    bytesReceived: sum('bytesReceived'),
    rtt: selected?.currentRoundTripTime,
    framesDecoded: video?.framesDecoded ?? 0,
    packetsLost: video?.packetsLost ?? 0,
    width: video?.frameWidth,
    height: video?.frameHeight,
    echoes: { ...echoes },
    errors: window.candidateErrors,
  };
}

const amount = bytes => bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;

async function paint(theirs) {
  const now = await facts();
  const way = { udp: 'UDP', tcp: 'TCP', tls: 'TLS' };
  show('sending', 'camera, 640 × 480');
  show('decoding', `received, ${now.width} × ${now.height}`);
  show('pair', `${now.localType} – ${now.remoteType}`);
  show('frames', now.framesDecoded);
  show('bytes', amount(now.bytesSent + now.bytesReceived));
  show('messages', `${now.echoes.intact} of ${now.echoes.sent}`);
  show('myRelay', now.localRelay);
  show('yourRelay', now.remoteRelay);
  show('myWire', `TURN over ${way[now.relayProtocol]}, ${(now.rtt * 1000).toFixed(1)} ms round trip`);
  show('yourWire', `TURN over ${way[theirs.relayProtocol]}`);
}
