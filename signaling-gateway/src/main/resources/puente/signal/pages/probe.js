// Which ways in does this network leave open? Each way gets a connection of its own, so that one
// that is blocked delays no other.

const WAIT_MS = 5_000;

const urlsOf = server => [server.urls].flat();

/** The ways that a list of ICE servers offers: stun, then TURN by udp, tcp, tls. */
export function waysOf(iceServers) {
  const ways = {};
  for (const server of iceServers) {
    for (const url of urlsOf(server)) {
      const way = url.startsWith('stun') ? 'stun'
        : url.startsWith('turns') ? 'tls'
        : /transport=tcp/.test(url) ? 'tcp' : 'udp';
      ways[way] ??= { ...server, urls: url };
    }
  }
  return ways;
}

/** Gathers once; tells of each candidate and each error with the time it took. */
export async function gather(iceServers, { policy = 'all', onCandidate, signal } = {}) {
  const pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: policy });
  const result = { candidates: [], errors: [], complete: false, ms: 0 };
  const started = performance.now();
  const after = () => performance.now() - started;
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, WAIT_MS);
      signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); });
      pc.onicecandidateerror = e =>
        result.errors.push({ url: e.url, code: e.errorCode, text: e.errorText, ms: after() });
      pc.onicecandidate = ({ candidate }) => {
        if (!candidate) {
          result.complete = true;
          clearTimeout(timer);
          resolve();
        } else if (candidate.candidate) {
          const found = { ...read(candidate), ms: after() };
          result.candidates.push(found);
          onCandidate?.(found);
        }
      };
      pc.createDataChannel('probe');
      pc.setLocalDescription().catch(reject);
    });
  } finally {
    result.ms = after();
    pc.close();
  }
  return result;
}

function read(candidate) {
  const { type, protocol, address, port, priority, relatedAddress, relatedPort, url } = candidate;
  return {
    type, protocol, address, port, priority, relatedAddress, relatedPort,
    url: url ?? null,
    relayProtocol: candidate.relayProtocol ?? null,
  };
}

/** One way: open or not, after how many milliseconds, and why not. */
export async function tryWay(way, server, signal) {
  const relay = way !== 'stun';
  const wanted = relay ? 'relay' : 'srflx';
  const result = await gather([server], { policy: relay ? 'relay' : 'all', signal });
  const found = result.candidates.find(c => c.type === wanted);
  const error = result.errors.find(e => e.url === server.urls) ?? result.errors[0];
  if (found) return { way, url: server.urls, open: true, ms: found.ms, candidate: found };
  // A browser keeps a reflexive address to itself when it is the host's own.
  if (!relay && result.complete && !error) {
    return { way, url: server.urls, open: true, ms: result.ms, candidate: null };
  }
  const why = error ? `${error.code} ${error.text || 'no answer'}` : `no answer in ${WAIT_MS / 1000} s`;
  return { way, url: server.urls, open: false, ms: result.ms, why };
}

/** Relay to relay and back: round trips over a channel, then two seconds of traffic. */
export async function loopback(iceServers, { seconds = 2, signal } = {}) {
  const config = { iceServers, iceTransportPolicy: 'relay' };
  const [a, b] = [new RTCPeerConnection(config), new RTCPeerConnection(config)];
  try {
    a.onicecandidate = e => e.candidate && b.addIceCandidate(e.candidate).catch(() => {});
    b.onicecandidate = e => e.candidate && a.addIceCandidate(e.candidate).catch(() => {});
    const here = a.createDataChannel('loop', { ordered: false, maxRetransmits: 0 });
    const there = new Promise(resolve => { b.ondatachannel = e => resolve(e.channel); });
    await a.setLocalDescription();
    await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription();
    await a.setRemoteDescription(b.localDescription);
    const remote = await inTime(there, WAIT_MS, signal);
    if (here.readyState !== 'open') await inTime(new Promise(open => { here.onopen = open; }), WAIT_MS, signal);
    const rttMs = await roundTrip(here, remote);
    const traffic = await flow(here, remote, seconds, signal);
    const stats = [...(await a.getStats()).values()];
    const local = stats.find(s => s.type === 'local-candidate' && s.candidateType === 'relay');
    return { rttMs, ...traffic, seconds, by: local?.relayProtocol ?? null,
      through: local ? local.address : null };
  } finally {
    a.close();
    b.close();
  }
}

function inTime(promise, ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), ms);
    signal?.addEventListener('abort', () => reject(signal.reason));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The median of eleven; one that is lost does not stop the rest. */
async function roundTrip(here, there) {
  const times = [];
  there.onmessage = e => there.send(e.data);
  for (let i = 0; i < 11; i++) {
    const sent = performance.now();
    const back = new Promise(resolve => { here.onmessage = resolve; });
    here.send(`${i}`);
    await inTime(back, 1_000).then(() => times.push(performance.now() - sent), () => {});
  }
  here.onmessage = there.onmessage = null;
  return times.sort((x, y) => x - y)[times.length >> 1] ?? null;
}

/** About two megabits a second, as a call has, and what of it arrives. */
async function flow(here, there, seconds, signal) {
  const bytes = new Uint8Array(1_000);
  const goal = 250 * seconds;
  const started = performance.now();
  let sent = 0;
  let received = 0;
  there.onmessage = () => { received++; };
  while (sent < goal && here.readyState === 'open') {
    signal?.throwIfAborted();
    const due = Math.min(goal, Math.ceil((performance.now() - started) / 4));
    for (; sent < due; sent++) here.send(bytes);
    await new Promise(tick => setTimeout(tick, 20));
  }
  const took = (performance.now() - started) / 1_000;
  await new Promise(tick => setTimeout(tick, 300));
  return { mbps: (received * 8_000) / took / 1e6, lost: sent ? 1 - received / sent : 0, sent, received };
}
