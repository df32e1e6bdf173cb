// Live data: one event stream a tab, and plain requests for what it does not carry or while it is
// down. Silence is never hidden: after 5 s the state says so, after 30 s the page greys.

import { BASE, get } from "./api.js";

const QUIET_MS = 5_000;
const STALE_MS = 30_000;
const PING_MS = 3_000;
/** So long what all nodes said is shown rather than what some say. */
const WHOLE_MS = 10_000;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];
const TOPICS = "overview,nodes,events";

/** Heard anything? { word: live | reconnecting | stale | paused, forMs } */
export const live = { word: "reconnecting", forMs: 0, isPaused: false, missed: 0, isStreaming: false };

const listeners = new Set();
const feeds = new Set();
let source = null;
let heardAt = performance.now();
let reopen = 0;
let tries = 0;
let ticker = 0;
let isPinging = false;

export function onLive(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

const tell = event => listeners.forEach(fn => fn(event));

/** Starts the stream; call once after the visitor is known. */
export function start() {
  heardAt = performance.now();
  open();
  ticker = setInterval(() => {
    judge();
    ping();
  }, 1_000);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) feeds.forEach(feed => feed.poll());
});

export function stop() {
  source?.close();
  source = null;
  clearInterval(ticker);
  clearTimeout(reopen);
  [...feeds].forEach(feed => feed.close());
}

export function pause(on) {
  live.isPaused = on;
  live.missed = 0;
  judge();
  if (!on) feeds.forEach(feed => feed.poll());
}

export function tryNow() {
  tries = 0;
  if (!live.isStreaming) open();
  feeds.forEach(feed => feed.poll());
}

function open() {
  clearTimeout(reopen);
  source?.close();
  source = new EventSource(`${BASE}/stream?topics=${TOPICS}&interval=1`);
  source.onopen = () => {
    tries = 0;
    live.isStreaming = true;
    heard();
  };
  source.onerror = () => {
    live.isStreaming = false;
    if (source.readyState === EventSource.CLOSED) later();
  };
  for (const name of ["snapshot", "delta", "event", "alert"]) {
    source.addEventListener(name, event => take(name, event.data));
  }
  source.addEventListener("bye", later);
}

function later() {
  source?.close();
  live.isStreaming = false;
  clearTimeout(reopen);
  const wait = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)];
  reopen = setTimeout(open, wait * (0.75 + Math.random() / 2));
}

function take(name, text) {
  heard();
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return;
  }
  if (live.isPaused) {
    live.missed++;
    return;
  }
  if (name === "event" || name === "alert") tell({ name, data });
  for (const topic of ["overview", "nodes"]) {
    if (data[topic]) for (const feed of [...feeds]) feed.onEvent(topic, data[topic]);
  }
}

/** A delta has what changed: of nodes, those that did, and of each what did. */
function merged(topic, old, news) {
  if (topic === "overview") return { ...old, ...news };
  const byId = new Map(old.nodes.map(node => [node.id, node]));
  for (const node of news) byId.set(node.id, { ...byId.get(node.id), ...node });
  return { ...old, nodes: [...byId.values()] };
}

function heard() {
  heardAt = performance.now();
  judge();
}

/** While the stream is down and nothing else is asked for, one small question shows that the node is there. */
function ping() {
  if (live.isStreaming || isPinging || performance.now() - heardAt < PING_MS) return;
  isPinging = true;
  get("/auth")
    .then(heard, () => {})
    .finally(() => (isPinging = false));
}

function judge() {
  const forMs = performance.now() - heardAt;
  const word = live.isPaused
    ? "paused"
    : forMs < QUIET_MS
      ? "live"
      : forMs < STALE_MS
        ? "reconnecting"
        : "stale";
  const isNews =
    word !== live.word || (word !== "live" && Math.floor(forMs / 1000) !== Math.floor(live.forMs / 1000));
  Object.assign(live, { word, forMs });
  if (isNews) tell({ name: "live", data: live });
}

const asking = new Map();

/** Parts of a page that ask the same at once get one answer; it is given up when all of them do. */
function shared(path, signal) {
  const one = asking.get(path) ?? { users: 0, abort: new AbortController() };
  const forget = () => asking.get(path) === one && asking.delete(path);
  if (!one.answer) {
    asking.set(path, one);
    one.answer = get(path, { signal: one.abort.signal }).finally(forget);
  }
  one.users++;
  signal.addEventListener("abort", () => {
    if (--one.users > 0) return;
    forget();
    one.abort.abort();
  });
  return one.answer;
}

/** Whether a node that lives is not in it. */
export const lacks = value => value?.coverage?.missing?.length > 0;

/**
 * Something that the page shows and that changes: asked for every few seconds, or filled by the
 * stream's events where `event` names one and the stream is up. With `isSum` a node that did not answer
 * once makes no dip.
 */
export class Feed {
  constructor(path, { every = 2_000, event, onChange, onValue, isSum = false, once = false }) {
    Object.assign(this, { path, every, event, onChange, onValue, isSum, once });
    this.value = undefined;
    this.problem = null;
    this.at = 0;
    this.retry = () => this.poll(true);
    feeds.add(this);
    this.poll(true);
  }

  close() {
    feeds.delete(this);
    clearTimeout(this.timer);
    this.abort?.abort();
  }

  onEvent(name, data) {
    if (name !== this.event || this.value === undefined) return;
    this.value = merged(name, this.value, data);
    this.problem = null;
    this.at = Date.now();
    this.onChange(this);
  }

  async poll(isAsked = false) {
    clearTimeout(this.timer);
    if (!feeds.has(this)) return;
    const isIdle = document.hidden || live.isPaused || (this.once && this.value !== undefined);
    const isStreamed =
      this.event &&
      live.isStreaming &&
      live.word === "live" &&
      this.value !== undefined &&
      Date.now() - this.at < 3_000;
    if (isAsked || (!isIdle && !isStreamed)) await this.ask();
    if (!this.once || this.problem) this.timer = setTimeout(() => this.poll(), this.wait());
  }

  /** What is absent does not come back by asking often. */
  wait() {
    return this.problem
      ? this.problem.isAbsent || this.problem.isRefused
        ? 60_000
        : Math.max(this.every, 4_000)
      : this.every;
  }

  async ask() {
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    try {
      const value = await shared(typeof this.path === "function" ? this.path() : this.path, signal);
      if (signal.aborted) return;
      if (this.isSum && lacks(value) && !lacks(this.value) && Date.now() - this.at < WHOLE_MS) return heard();
      this.value = value;
      this.problem = null;
      this.at = Date.now();
      if (this.onValue?.(value)) queueMicrotask(this.retry);
      heard();
    } catch (problem) {
      if (signal.aborted || !feeds.has(this)) return;
      this.problem = problem;
      if (problem.status !== undefined && problem.status !== 0) heard();
      if (problem.isAbsent || problem.isRefused) this.value = undefined;
    }
    this.onChange(this);
  }
}
