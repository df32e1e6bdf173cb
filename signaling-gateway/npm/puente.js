// puente.js: ICE servers, signaling and perfect negotiation for WebRTC. One file, no dependencies.
// Types and documentation: puente.d.ts beside this file.

const SUBPROTOCOL = 'puente.v1.json';
const BACKOFF = { firstMs: 300, mostMs: 10_000 };
const RESTART = { afterMs: 3_000, againMs: 8_000, mostMs: 30_000 };
const SILENCE_MS = 10_000;
const GATHER_MS = 20;
const YIELD_MS = 150;
const FIRST_ATTEMPTS = 3;
const WAITING_MOST = 256;
const URLS_MOST = 16;
/** How long a newcomer may take to say that it is somebody we know under a former id. */
const HOLD_MS = 3_000;
/** What a new connection cannot mend. */
const FINAL_CODES = new Set(['bad-request', 'unauthorized', 'forbidden']);
const FINAL_CLOSES = new Set([4000, 4001, 4003, 4009]);

export class PuenteError extends Error {
  constructor(code, message, more = {}) {
    super(message ?? code);
    this.name = 'PuenteError';
    this.code = code;
    this.retryable = more.retryable ?? false;
    this.retryAfterMs = more.retryAfterMs ?? 0;
  }
}

class Emitter {
  #handlers = new Map();

  on(type, handler, { signal } = {}) {
    const off = () => this.off(type, handler);
    if (signal?.aborted) return off;
    if (!this.#handlers.has(type)) this.#handlers.set(type, new Set());
    this.#handlers.get(type).add(handler);
    signal?.addEventListener('abort', off, { once: true });
    return off;
  }

  off(type, handler) {
    this.#handlers.get(type)?.delete(handler);
  }

  _emit(type, ...values) {
    for (const handler of [...(this.#handlers.get(type) ?? [])]) {
      try {
        handler(...values);
      } catch (defect) {
        queueMicrotask(() => { throw defect; }); // the application's, not ours
      }
    }
  }
}

/** Perfect negotiation of one RTCPeerConnection over any channel that keeps the order. */
export class Call {
  /** The highest number of a negotiation so far. Of two that cross, the impolite one's is higher. */
  #neg = 0;
  /** Those of the two descriptions in force: candidates belong to one description. */
  #localNeg = 0;
  #remoteNeg = 0;
  #making = false;
  #closed = false;
  #inbox = Promise.resolve();
  #gathered = [];
  #gathering;

  constructor(pc, { polite, send }) {
    this.pc = pc;
    this.polite = polite;
    this.send = send;
    pc.addEventListener('negotiationneeded', () => this.#offer());
    pc.addEventListener('icecandidate', e => this.#gather(e.candidate));
  }

  /** Takes what the other side's `send` was given. */
  receive(message) {
    this.#inbox = this.#inbox.then(() => this.#take(message)).catch(e => this.onerror?.(e));
    return this.#inbox;
  }

  /** After signaling may have lost something: asks again for what has not been answered. */
  resend() {
    if (this.pc.signalingState === 'have-local-offer') this.#describe(this.#localNeg);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#gathering);
    this.pc.close();
  }

  async #offer() {
    if (this.polite && !this.#remoteNeg) {
      // A first offer that is rolled back can leave Chromium without candidates for good.
      await new Promise(over => { setTimeout(over, YIELD_MS); });
      await this.#inbox; // while theirs is being taken the state still is stable
      if (this.#remoteNeg) return; // asked again when theirs has not settled everything
    }
    if (this.#closed || this.pc.signalingState !== 'stable') return; // asked again when it is
    const neg = this.#neg = 2 * Math.floor((this.#neg + 1) / 2) + (this.polite ? 1 : 2);
    try {
      this.#making = true;
      await this.pc.setLocalDescription();
      if (this.#neg === neg) this.#describe(neg); // else theirs has come between and wins
    } catch (e) {
      if (!this.#closed) this.onerror?.(e);
    } finally {
      this.#making = false;
    }
  }

  #describe(neg) {
    const { type, sdp } = this.pc.localDescription;
    this.#localNeg = neg;
    this.send({ k: 'description', neg, description: { type, sdp } });
  }

  async #take(message) {
    if (this.#closed) return;
    if (message.k === 'description') {
      await this.#describedAs(message.description, message.neg);
    } else if (message.neg === this.#remoteNeg) { // others are of an offer that was not taken
      for (const one of message.candidates ?? [message.candidate]) {
        await this.pc.addIceCandidate(one ?? undefined);
      }
    }
  }

  async #describedAs(description, neg) {
    const { pc } = this;
    if (description.type === 'offer') {
      const collision = this.#making || pc.signalingState !== 'stable';
      if (collision && !this.polite || neg < this.#remoteNeg) return; // they take ours, or are late
      const again = !collision && neg === this.#remoteNeg;
      this.#neg = Math.max(neg, this.#neg + this.#making); // ours in the making is over
      if (!again) {
        await pc.setRemoteDescription(description);
        this.#remoteNeg = neg;
        await pc.setLocalDescription();
      }
      this.#describe(neg);
    } else if (neg === this.#localNeg && pc.signalingState === 'have-local-offer') {
      await pc.setRemoteDescription(description);
      this.#remoteNeg = neg;
    }
  }

  #gather(candidate) {
    this.#gathered.push(candidate);
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      const sdp = this.pc.localDescription?.sdp ?? '';
      const ours = c => !c?.usernameFragment || sdp.includes(`a=ice-ufrag:${c.usernameFragment}`);
      const candidates = this.#gathered.splice(0).filter(ours).map(c => c?.toJSON() ?? null);
      if (candidates.length && !this.#closed) {
        this.send({ k: 'candidates', neg: this.#localNeg, candidates });
      }
    }, GATHER_MS);
  }
}

/** Somebody else in a room; the connection to them opens when media or a channel needs it. */
class RemotePeer extends Emitter {
  #room;
  #call;
  #self = Math.random().toString(36).slice(2);
  #other;
  #timer;
  #restarts = 0;
  #last;

  constructor(room, { id, meta = {}, presence = {}, polite }) {
    super();
    this.#room = room;
    this._named({ id, meta, presence, polite });
  }

  /** Each side's mark of this acquaintance: known to the two only, and new after a reload. */
  get _marks() {
    return [this.#self, this.#other];
  }

  _named({ id, meta, presence, polite }) {
    Object.assign(this, { id, meta, presence, polite: !polite });
    if (this.#call) this.#call.polite = this.polite;
  }

  get pc() {
    return this.#call?.pc ?? this.connect();
  }

  get connected() {
    return /connected|completed/.test(this.#call?.pc.iceConnectionState);
  }

  /** Negotiates a connection of the application's making instead of one of ours. */
  connect(pc) {
    if (this.#call) throw new PuenteError('bad-request', `already connected to ${this.id}`);
    const { _config: config, _RTCPeerConnection: Connection } = this.#room._net;
    pc ??= new Connection(config());
    this.#call = new Call(pc, {
      polite: this.polite,
      send: d => this.#tell(d),
    });
    this.#call.onerror = e => this._emit('error', e);
    pc.addEventListener('track', e => this._emit('track', e.track, e.streams));
    pc.addEventListener('datachannel', e => this._emit('channel', e.channel));
    pc.addEventListener('iceconnectionstatechange', () => this.#watch());
    this.#mend(RESTART.afterMs);
    return pc;
  }

  addStream(stream) {
    return stream.getTracks().map(track => this.pc.addTrack(track, stream));
  }

  channel(label, options) {
    return this.pc.createDataChannel(label, options);
  }

  /** Through the signaling server, for what is small; resolves when the server has it. */
  send(data) {
    return this.#room._send({ k: 'app', data }, this.id);
  }

  restartIce() {
    this.#call?.pc.restartIce();
  }

  /** How media gets there now: relayed or direct, over what, how fast. */
  async stats() {
    const all = [...(await this.pc.getStats()).values()];
    const of = id => all.find(s => s.id === id);
    const pair = of(all.find(s => s.type === 'transport')?.selectedCandidatePairId)
      ?? all.find(s => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
    if (!pair) return { path: null, relay: null, state: this.pc.iceConnectionState };
    const local = of(pair.localCandidateId) ?? {};
    const remote = of(pair.remoteCandidateId) ?? {};
    const relay = [local, remote].some(c => c.candidateType === 'relay');
    const protocol = local.relayProtocol ?? local.protocol;
    const last = this.#last?.id === pair.id ? this.#last : { ...pair, timestamp: -Infinity };
    const seconds = (pair.timestamp - last.timestamp) / 1000;
    const kbps = field => Math.round(((pair[field] - last[field]) * 8) / 1000 / seconds) || 0;
    this.#last = pair;
    return {
      path: `${relay ? 'relay' : 'direct'}/${protocol}`,
      relay,
      protocol,
      state: this.pc.iceConnectionState,
      rttMs: pair.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
      kbps: { sent: kbps('bytesSent'), received: kbps('bytesReceived') },
      local: { type: local.candidateType, address: local.address, port: local.port },
      remote: { type: remote.candidateType, address: remote.address, port: remote.port },
    };
  }

  close() {
    clearTimeout(this.#timer);
    this.#call?.close();
    this.#call = undefined;
  }

  /** True when it was for us; false when the other side has begun anew and so must we. */
  _take(d) {
    if (d.k === 'app') {
      this._emit('message', d.data);
    } else if (d.o !== undefined && d.o !== this.#self) {
      this.#tell({ k: 'restart' }); // they mean who we were before
    } else if (this.#other !== undefined && d.i !== this.#other) {
      return false;
    } else {
      this.#other = d.i;
      if (d.k === 'description') this.pc; // opens it
      if (d.k !== 'restart') this.#call?.receive(d);
    }
    return true;
  }

  _configure(config) {
    try {
      this.#call?.pc.setConfiguration({ ...this.#call.pc.getConfiguration(), ...config });
    } catch (e) {
      this._emit('error', e);
    }
  }

  /** Signaling is back. */
  _resume(lost) {
    if (!this.#call) return;
    if (lost) this.#call.resend();
    if (!this.connected) this.restartIce();
  }

  #tell(d) {
    this.#room._send({ ...d, i: this.#self, o: this.#other }, this.id)
      .catch(e => e.code === 'peer-unavailable' || this._emit('error', e));
  }

  #watch() {
    const state = this.#call?.pc.iceConnectionState ?? 'closed';
    clearTimeout(this.#timer);
    if (this.connected) {
      this.#restarts = 0;
      this.stats().then(stats => this._emit('path', stats), () => {});
    } else if (state !== 'closed') {
      this.#mend({ failed: 0, checking: RESTART.againMs }[state] ?? RESTART.afterMs);
    }
    this._emit('state', state);
  }

  #mend(ms) {
    this.#timer = setTimeout(() => {
      if (!this.#call || this.connected) return;
      const { remoteDescription, signalingState } = this.#call.pc;
      const settled = remoteDescription && signalingState === 'stable';
      if (this.#room._net.state === 'open') settled ? this.restartIce() : this.#call.resend();
      this.#mend(Math.min(RESTART.againMs * 2 ** this.#restarts++, RESTART.mostMs));
    }, ms + (this.polite ? 1_000 : 0)); // not both at once
  }
}

class Room extends Emitter {
  /** Whom we knew before the server forgot us all, until they are back under another id. */
  #former = new Set();
  #held = new Map();
  #missing;

  constructor(net, name, options) {
    super();
    this._net = net;
    this._options = options;
    this.name = name;
    this.peers = new Map();
  }

  /** Peers that are there already are told of too. */
  on(type, handler, options) {
    if (type === 'peer') for (const peer of this.peers.values()) queueMicrotask(() => handler(peer));
    return super.on(type, handler, options);
  }

  /** Everybody else in the room, through the signaling server. */
  broadcast(data) {
    return this._send({ k: 'app', data });
  }

  setPresence(presence) {
    this._options.presence = presence;
    return this._net._request({ t: 'presence', room: this.name, d: { presence } });
  }

  async leave() {
    this._end();
    this._net.rooms.delete(this.name);
    await this._net._request({ t: 'leave', room: this.name }).catch(() => {});
  }

  _send(d, to) {
    return this._net._request({ t: 'msg', room: this.name, ...(to && { to }), d });
  }

  async _join() {
    const { meta = {}, presence = {}, signal } = this._options;
    const d = await this._net._request({ t: 'join', room: this.name, d: { meta, presence } }, signal);
    this.self = d.self;
    d.peers.forEach(peer => this._arrived(peer));
  }

  /** The server has forgotten us all. The others come back when they do, as we did. */
  _anew() {
    for (const peer of this.peers.values()) this.#former.add(peer);
    this.peers.clear();
    clearTimeout(this.#missing);
    this.#missing = setTimeout(() => {
      for (const peer of this.#former) this.#lose(peer, 'timeout');
      this.#former.clear();
    }, this._net._resumeMs);
    return this._join();
  }

  _arrived(data) {
    const known = this.peers.get(data.id);
    if (known) return known._named(data);
    const same = [...this.#former].find(peer => peer.id === data.id);
    if (same) return this.#again(same, data);
    if (!this.#former.size) return this.#admit(new RemotePeer(this, data));
    const tags = [...this.#former].map(peer => peer._marks[0]);
    this._send({ k: 'restart', tags }, data.id).catch(() => {});
    const timer = setTimeout(() => this.#release(data.id), HOLD_MS);
    this.#held.set(data.id, { data, timer });
  }

  #admit(peer) {
    this.peers.set(peer.id, peer);
    this._emit('peer', peer);
  }

  #again(peer, data) {
    this.#former.delete(peer);
    peer._named(data);
    this.peers.set(peer.id, peer);
    peer._resume(true);
  }

  /** A newcomer after all, or gone again. */
  #release(id, gone) {
    const held = this.#held.get(id);
    if (!held) return;
    clearTimeout(held.timer);
    this.#held.delete(id);
    if (!gone) this.#admit(new RemotePeer(this, held.data));
  }

  #returned(id, tags) {
    const held = this.#held.get(id);
    const peer = [...this.#former].find(one => tags.includes(one._marks[1]));
    if (!held || !peer) return;
    this.#release(id, true);
    this.#again(peer, held.data);
  }

  _gone(id, reason) {
    this.#release(id, true);
    const peer = this.peers.get(id);
    this.peers.delete(id);
    if (peer) this.#lose(peer, reason);
  }

  #lose(peer, reason) {
    peer.close();
    peer._emit('left', reason);
    this._emit('left', peer, reason);
  }

  _take({ t, d, from }) {
    if (t === 'peer.joined') return this._arrived(d);
    if (t === 'peer.left') return this._gone(d.id, d.reason);
    if (t === 'msg' && d.tags) return this.#returned(from, d.tags);
    this.#release(from ?? d.id);
    const peer = this.peers.get(from ?? d.id);
    if (!peer) return;
    if (t === 'peer.updated') {
      Object.assign(peer, { meta: d.meta ?? peer.meta, presence: d.presence ?? peer.presence });
      peer._emit('presence', peer.presence);
      this._emit('presence', peer);
    } else if (!peer._take(d)) {
      this._gone(from, 'restarted');
      const { id, meta, presence, polite } = peer;
      this.#admit(new RemotePeer(this, { id, meta, presence, polite: !polite }));
      this.peers.get(from)._take(d);
    } else if (d.k === 'app') {
      this._emit('message', d.data, peer);
    }
  }

  _end() {
    clearTimeout(this.#missing);
    for (const id of [...this.#held.keys()]) this.#release(id, true);
    for (const peer of [...this.peers.values(), ...this.#former]) peer.close();
    this.peers.clear();
    this.#former.clear();
  }
}

class Net extends Emitter {
  state = 'connecting';
  rooms = new Map();
  iceServers = [];
  _resumeMs = 30_000;
  #urls;
  #options;
  #ws;
  #session;
  #lastSeq = 0;
  #nextId = 1;
  #waiting = new Map();
  #attempts = 0;
  #heardAt = 0;
  #timers = {};
  #opened;

  constructor(url, options) {
    super();
    this.#urls = [url].flat().map(one => new URL(one, globalThis.location?.href));
    for (const one of this.#urls) one.protocol = one.protocol.replace('http', 'ws');
    this.#options = options;
    this._RTCPeerConnection = options.RTCPeerConnection ?? globalThis.RTCPeerConnection;
    this._config = () => ({ ...options.rtc, iceServers: this.iceServers });
    const back = () => this.#ws || this.state === 'closed' || this.#connect();
    globalThis.addEventListener?.('online', back);
    this.#timers.online = () => globalThis.removeEventListener?.('online', back);
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
  }

  _open() {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      if (this.#options.signal?.aborted) this.close();
      else this.#connect();
    });
  }

  async join(name, options = {}) {
    if (this.rooms.has(name)) return this.rooms.get(name);
    const room = new Room(this, name, options);
    this.rooms.set(name, room);
    try {
      await room._join();
    } catch (e) {
      this.rooms.delete(name);
      throw e;
    }
    return room;
  }

  close() {
    if (this.#ws?.readyState === 1) this.#ws.send('{"t":"bye"}');
    this.#end(new PuenteError('closed', 'closed by the application'));
  }

  /** Resolves with the answer's data. What cannot be sent now waits; after a resume it is repeated. */
  _request(frame, signal) {
    return new Promise((resolve, reject) => {
      if (this.state === 'closed') throw new PuenteError('closed');
      if (this.#waiting.size >= WAITING_MOST) throw new PuenteError('rate-limited', 'too much waits');
      signal?.throwIfAborted();
      const id = String(this.#nextId++);
      const text = JSON.stringify({ ...frame, id });
      this.#waiting.set(id, { text, frame, resolve, reject });
      signal?.addEventListener('abort', () => {
        this.#waiting.delete(id);
        reject(signal.reason);
      }, { once: true });
      if (this.state === 'open') this.#ws.send(text);
    });
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this._emit('state', state);
  }

  async #connect() {
    clearTimeout(this.#timers.retry);
    const { key, token, WebSocket: Socket = globalThis.WebSocket } = this.#options;
    const url = new URL(this.#urls[0]);
    if (key) url.searchParams.set('key', key);
    const ws = this.#ws = new Socket(url, SUBPROTOCOL);
    ws.onmessage = e => this.#ws === ws && this.#take(JSON.parse(e.data));
    ws.onclose = e => this.#ws === ws && this.#lost(e);
    ws.onopen = async () => {
      const { peerId, meta } = this.#options;
      const d = { meta, peerId: this.peerId ?? peerId, caps: ['ice', 'presence'] };
      if (this.#session) d.resume = { ...this.#session, lastSeq: this.#lastSeq };
      try {
        d.token = typeof token === 'function' ? await token() : token;
        if (this.#ws === ws) ws.send(JSON.stringify({ t: 'hello', d }));
      } catch (e) {
        this.#end(e);
      }
    };
  }

  #take(frame) {
    this.#heardAt = Date.now();
    const { t, re, seq, d = {} } = frame;
    if (seq !== undefined) {
      if (seq <= this.#lastSeq) return; // heard before the connection broke
      this.#lastSeq = seq;
    }
    const waiting = this.#waiting.get(re);
    this.#waiting.delete(re);
    if (t === 'error') this.#refused(d, re, waiting);
    else if (t === 'welcome') this.#welcome(d);
    else if (t === 'ice') this.#ice(d);
    else if (t === 'goaway') this.#goaway(d);
    else if (waiting) waiting.resolve(d);
    else this.rooms.get(frame.room)?._take(frame);
  }

  #refused(d, re, waiting) {
    const error = new PuenteError(d.code, d.message, d);
    if (waiting && d.code === 'rate-limited') {
      this.#waiting.set(re, waiting);
      setTimeout(() => this.state === 'open' && this.#ws.send(waiting.text), d.retryAfterMs + 20);
      return;
    }
    if (waiting) return waiting.reject(error);
    if (d.code === 'resume-expired') this.#session = undefined;
    else if (d.code === 'id-taken' && this.state === 'resuming') this.#lost({}); // by ourselves
    else if (FINAL_CODES.has(d.code) || this.state === 'connecting' && !d.retryable) this.#end(error);
    this._emit('error', error);
  }

  #welcome(d) {
    const again = this.state === 'resuming';
    this.#session = { sid: d.sid, key: d.resumeKey };
    this.#attempts = 0;
    this._resumeMs = d.resumeWindowMs ?? this._resumeMs;
    this.#become('open');
    this.peerId = d.peerId;
    this.server = d.server;
    if (d.iceServers) this.#ice({ iceServers: d.iceServers, ttl: d.iceTtl });
    this.#listen(d.heartbeatMs ?? 25_000);
    if (again && !d.resumed) this.#startAnew();
    else for (const { text } of this.#waiting.values()) this.#ws.send(text);
    if (again && d.resumed) this.#peers(peer => peer._resume(false));
    this.#opened.resolve(this);
  }

  /** The server knows nothing of us any more: the rooms first, then what still waits. */
  #startAnew() {
    this.#lastSeq = 0;
    const waiting = [...this.#waiting.values()];
    for (const room of this.rooms.values()) {
      if (!waiting.some(w => w.frame.t === 'join' && w.frame.room === room.name)) {
        room._anew().catch(e => this._emit('error', e));
      }
    }
    for (const { text } of waiting) this.#ws.send(text);
  }

  #ice({ iceServers, ttl }) {
    this.iceServers = iceServers;
    this.iceExpiresAt = ttl && Date.now() + ttl * 1000;
    this.#peers(peer => peer._configure({ iceServers }));
    this._emit('ice', iceServers);
  }

  #goaway(d) {
    if (d.reconnect) { // the next one to be tried; but no list that grows with each node that drains
      const next = new URL(d.reconnect, this.#urls[0]);
      const [first, ...others] = this.#urls;
      this.#urls = [first, next, ...others.filter(one => one.href !== next.href)];
      if (this.#urls.length > URLS_MOST) this.#urls.pop();
    }
    this._emit('goaway', d);
    setTimeout(() => this.#ws?.close(), Math.random() * (d.afterMs ?? 0) / 2);
  }

  #peers(action) {
    for (const room of this.rooms.values()) for (const peer of room.peers.values()) action(peer);
  }

  /** A connection can be dead without a word: ask, and give up when nothing comes. */
  #listen(everyMs) {
    clearInterval(this.#timers.ping);
    this.#timers.ping = setInterval(() => {
      if (Date.now() - this.#heardAt > everyMs + SILENCE_MS) this.#lost({});
      else if (this.#ws?.readyState === 1) this.#ws.send('{"t":"ping"}');
    }, everyMs);
  }

  #lost({ code, reason }) {
    this.#drop();
    const fresh = reason === 'token-expired' && typeof this.#options.token === 'function';
    if (FINAL_CLOSES.has(code) && !fresh) {
      this.#end(new PuenteError(reason || `closed-${code}`, `closed by the server: ${code} ${reason}`));
      return;
    }
    if (this.state === 'connecting' && this.#attempts >= FIRST_ATTEMPTS) {
      this.#end(new PuenteError('unreachable',
        'no answer, or not for this page: see its key and origin', { retryable: true }));
      return;
    }
    this.#urls.push(this.#urls.shift()); // another node has the session, too
    if (this.state === 'open') this.#become('resuming');
    const most = Math.min(BACKOFF.firstMs * 2 ** ++this.#attempts, BACKOFF.mostMs);
    const wait = BACKOFF.firstMs + Math.random() * (most - BACKOFF.firstMs);
    this.#timers.retry = setTimeout(() => this.#connect(), wait);
  }

  #drop() {
    const ws = this.#ws;
    this.#ws = undefined;
    clearInterval(this.#timers.ping);
    if (ws?.readyState < 2) ws.close();
  }

  #end(error) {
    if (this.state === 'closed') return;
    this.#drop();
    clearTimeout(this.#timers.retry);
    this.#timers.online();
    for (const room of this.rooms.values()) room._end();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#opened?.reject(error);
    this.#become('closed');
  }
}

export const Puente = {
  /** The `iceServers` of an RTCPeerConnection; for whoever has signaling already. */
  async iceServers(base, { key, token, signal, ...wish } = {}) {
    const url = new URL('/api/v1/ice-servers', new URL(base, globalThis.location?.href));
    if (key) url.searchParams.set('key', key);
    const answer = await fetch(url, token
      ? { signal, method: 'POST', body: JSON.stringify(wish),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } }
      : { signal });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new PuenteError(`http-${answer.status}`, body.detail);
    return body.iceServers;
  },

  /** Signaling; resolves when the server has said welcome, and from then on stays connected. */
  connect: (url, options = {}) => new Net(url, options)._open(),
};
