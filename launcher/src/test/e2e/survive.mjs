// A video call between two RTCPeerConnections that may use relayed candidates only, while its TURN
// server dies and is started again by whoever called this script. Prints a JSON line when the call
// has begun, and one when its video has stood still and gone on.
//
// Usage: node survive.mjs CHROMIUM PORT USER PASSWORD
import { chromium } from 'playwright-core';

const [executablePath, port, username, credential] = process.argv.slice(2);
const FRAMES = 60;
const FREEZE_MS = 400;
const LOOK_MS = 50;
const LIMIT_MS = 70_000;

const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--allow-loopback-in-peer-connection',
  ],
});
const deadline = Date.now() + LIMIT_MS;
const page = await browser.newPage();
page.on('pageerror', e => { console.log(JSON.stringify({ at: 'error', error: String(e) })); });

let last;
try {
  await page.setContent('<canvas width="320" height="240"></canvas><video autoplay muted></video><video autoplay muted></video>');
  await page.evaluate(call, { urls: `turn:127.0.0.1:${port}?transport=udp`, username, credential });
  last = await until(facts => facts.every(one => one.framesDecoded >= FRAMES));
  console.log(JSON.stringify({ at: 'talking', sides: last }));
  const still = last.map(one => ({ frames: one.framesDecoded, since: Date.now(), longest: 0 }));
  last = await until(facts => facts.map((one, i) => {
    const mine = still[i];
    if (one.framesDecoded !== mine.frames) {
      mine.longest = Math.max(mine.longest, Date.now() - mine.since);
      mine.resumedAt ??= mine.longest >= FREEZE_MS ? mine.frames : undefined;
      mine.since = Date.now();
      mine.frames = one.framesDecoded;
    }
    return one.framesDecoded >= mine.resumedAt + FRAMES;
  }).every(enough => enough));
  console.log(JSON.stringify({ at: 'over', freezeMs: still.map(one => one.longest), sides: last }));
} catch (e) {
  console.log(JSON.stringify({ at: 'error', error: String(e.stack ?? e), sides: last }));
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function until(good) {
  for (;;) {
    last = await page.evaluate(() => window.facts());
    if (good(last)) return last;
    if (Date.now() > deadline) throw new Error('too late');
    await page.waitForTimeout(LOOK_MS);
  }
}

// In the page: both ends of the call, and what there is to know of them.
async function call(iceServer) {
  const canvas = document.querySelector('canvas');
  const draw = canvas.getContext('2d');
  let turn = 0;
  setInterval(() => {
    draw.fillStyle = `hsl(${turn++ * 7 % 360} 70% 50%)`;
    draw.fillRect(turn * 3 % 300, turn * 5 % 220, 40, 40);
  }, 40);
  const picture = canvas.captureStream(25);
  const events = [[], []];
  const began = performance.now();
  const peers = [0, 1].map(i => {
    const peer = new RTCPeerConnection({ iceTransportPolicy: 'relay', iceServers: [iceServer] });
    const note = what => events[i].push(`${Math.round(performance.now() - began)} ${what}`);
    peer.oniceconnectionstatechange = () => note(peer.iceConnectionState);
    peer.onnegotiationneeded = () => note('negotiationneeded');
    peer.onicecandidateerror = e => note(`candidate error ${e.errorCode}`);
    peer.ontrack = e => { document.querySelectorAll('video')[i].srcObject = e.streams[0]; };
    picture.getTracks().forEach(track => peer.addTrack(track, picture));
    return peer;
  });
  const candidates = [[], []];
  const described = [0, 1].map(() => Promise.withResolvers());
  peers.forEach((peer, i) => {
    peer.onicecandidate = async e => {
      if (!e.candidate) return;
      candidates[i].push(`${e.candidate.address}:${e.candidate.port}`);
      await described[1 - i].promise;
      await peers[1 - i].addIceCandidate(e.candidate);
    };
  });
  for (const [from, to] of [[0, 1], [1, 0]]) {
    await peers[from].setLocalDescription();
    await peers[to].setRemoteDescription(peers[from].localDescription);
    described[to].resolve();
  }
  window.facts = () => Promise.all(peers.map(async (peer, i) => {
    const stats = [...(await peer.getStats()).values()];
    const byId = new Map(stats.map(one => [one.id, one]));
    const transport = stats.find(one => one.type === 'transport');
    const pair = byId.get(transport?.selectedCandidatePairId);
    const ends = [pair?.localCandidateId, pair?.remoteCandidateId].map(id => byId.get(id));
    const video = stats.find(one => one.type === 'inbound-rtp' && one.kind === 'video');
    return {
      pair: pair?.id,
      local: ends[0] && `${ends[0].candidateType} ${ends[0].relayProtocol} ${ends[0].address}:${ends[0].port}`,
      remote: ends[1] && `${ends[1].candidateType} ${ends[1].address}:${ends[1].port}`,
      pairChanges: transport?.selectedCandidatePairChanges,
      ufrag: /a=ice-ufrag:(\S+)/.exec(peer.localDescription.sdp)[1],
      state: peer.connectionState,
      framesDecoded: video?.framesDecoded ?? 0,
      packetsLost: video?.packetsLost ?? 0,
      candidates: candidates[i].length,
      events: events[i],
    };
  }));
}
