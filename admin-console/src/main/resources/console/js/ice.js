// Tries each way in that a list of ICE servers offers, each with a connection of its own, then sends
// messages from relay to relay and back.

const WAIT_MS = 6_000;
const ECHOES = 20;

const wayOf = url =>
  url.startsWith("stun")
    ? "stun"
    : url.startsWith("turns")
      ? "tls"
      : /transport=tcp/.test(url)
        ? "tcp"
        : "udp";

/** Fills `run` with { ways, candidates, loop } as it learns. */
export async function testIce(iceServers, run, onNews) {
  const byWay = new Map();
  for (const server of iceServers) {
    for (const url of [server.urls].flat())
      if (!byWay.has(wayOf(url))) byWay.set(wayOf(url), { ...server, urls: url });
  }
  run.ways = [...byWay.keys()].map(key => ({ key, isPending: true, ok: false }));
  onNews();
  await Promise.all(run.ways.map(way => tryWay(way, byWay.get(way.key), run, onNews)));
  const relay = ["udp", "tcp", "tls"].find(key => run.ways.some(way => way.key === key && way.ok));
  if (relay) run.loop = await loopThrough(byWay.get(relay));
}

async function tryWay(way, server, run, onNews) {
  const wanted = way.key === "stun" ? "srflx" : "relay";
  const pc = new RTCPeerConnection({
    iceServers: [server],
    iceTransportPolicy: way.key === "stun" ? "all" : "relay",
  });
  const began = performance.now();
  let refusal = "";
  const found = await new Promise(resolve => {
    const timer = setTimeout(() => resolve(null), WAIT_MS);
    const end = candidate => {
      clearTimeout(timer);
      resolve(candidate);
    };
    pc.onicecandidateerror = event => {
      refusal = [event.errorCode, event.errorText].filter(Boolean).join(" ");
    };
    pc.onicecandidate = ({ candidate }) => {
      if (!candidate) return end(null);
      if (!candidate.candidate) return undefined;
      const { type, protocol, address, port, relayProtocol } = candidate;
      const seen = { type, protocol, address, port, relayProtocol, ms: performance.now() - began };
      run.candidates.push(seen);
      return type === wanted || (way.key === "stun" && type === "host" && isLoopback(server))
        ? end(seen)
        : undefined;
    };
    pc.createDataChannel("probe");
    pc.setLocalDescription().catch(() => end(null));
  });
  pc.close();
  Object.assign(way, {
    isPending: false,
    ok: !!found,
    address: found ? `${found.address}:${found.port}` : "",
    ms: found?.ms ?? 0,
    why: refusal || `no answer within ${WAIT_MS / 1000} s`,
  });
  onNews();
}

/** On the machine itself, STUN sees the same address as the browser: no candidate of its own. */
const isLoopback = server => /^stun:(127\.|\[::1\]|localhost)/.test([server.urls].flat()[0]);

async function loopThrough(server) {
  const options = { iceServers: [server], iceTransportPolicy: "relay" };
  const [one, other] = [new RTCPeerConnection(options), new RTCPeerConnection(options)];
  try {
    return await talk(one, other);
  } catch (problem) {
    return { ok: false, why: problem.message };
  } finally {
    one.close();
    other.close();
  }
}

async function talk(one, other) {
  one.onicecandidate = ({ candidate }) => {
    if (candidate) other.addIceCandidate(candidate).catch(() => {});
  };
  other.onicecandidate = ({ candidate }) => {
    if (candidate) one.addIceCandidate(candidate).catch(() => {});
  };
  other.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(data);
  };
  const channel = one.createDataChannel("echo");
  const opened = new Promise((resolve, reject) => {
    channel.onopen = resolve;
    setTimeout(() => reject(new Error("no connection through the relay within 12 s")), 2 * WAIT_MS);
  });
  await one.setLocalDescription();
  await other.setRemoteDescription(one.localDescription);
  await other.setLocalDescription();
  await one.setRemoteDescription(other.localDescription);
  await opened;
  const times = [];
  for (let i = 0; i < ECHOES; i++) times.push(await echo(channel));
  const back = times.filter(Number.isFinite).sort((a, b) => a - b);
  return {
    ok: back.length > 0,
    sent: ECHOES,
    echoes: back.length,
    rttMs: back[Math.floor(back.length / 2)] ?? NaN,
    why: "no message came back",
  };
}

const echo = channel =>
  new Promise(resolve => {
    const began = performance.now();
    const timer = setTimeout(() => resolve(NaN), 1_000);
    channel.onmessage = () => {
      clearTimeout(timer);
      resolve(performance.now() - began);
    };
    channel.send("puente");
  });
