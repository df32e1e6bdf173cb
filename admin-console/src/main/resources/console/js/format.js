// Numbers and times as people read them: SI prefixes, bits a second for rates, bytes for totals.

const NARROW = "\u202f";
const STEPS = ["", "k", "M", "G", "T", "P"];

/** 18 204 */
export function count(n) {
  if (!Number.isFinite(n)) return "–";
  const whole = String(Math.round(Math.abs(n))).replace(/\B(?=(\d{3})+(?!\d))/g, NARROW);
  return (n < 0 ? "−" : "") + whole;
}

/** Three figures that count: 812, 1.40, 12.4, 204. */
export function figures(n) {
  const size = Math.abs(n);
  if (size === 0) return "0";
  if (size >= 100) return n.toFixed(0);
  if (size >= 10) return n.toFixed(1);
  return n.toFixed(2);
}

/** A value and its unit with prefix, apart: ["1.16", "Gb/s"]. */
export function split(n, unit) {
  if (!Number.isFinite(n)) return ["–", ""];
  let step = 0;
  let left = Math.abs(n);
  while (left >= 999.5 && step < STEPS.length - 1) {
    left /= 1000;
    step++;
  }
  const sign = n < 0 ? "−" : "";
  return [sign + (step === 0 ? String(+left.toFixed(left < 10 ? 1 : 0)) : figures(left)), STEPS[step] + unit];
}

const joined = (n, unit) => split(n, unit).join(NARROW).trim();

/** 2.31 Mb/s, of bits a second. */
export const rate = bps => joined(bps, "b/s");

/** 812 MB */
export const bytes = n => joined(n, "B");

/** 95.2 kpkt/s */
export const packetRate = n => joined(n, "pkt/s");

/** 1.1 M */
export const short = n => joined(n, "");

/** For axes, where room is short: 20 k, 1.2 M, 0.5. */
export function tick(n) {
  const [value, unit] = split(n, "");
  return Number.isFinite(n) && Math.abs(n) < 1
    ? String(+n.toPrecision(2))
    : `${+value || value}${unit ? NARROW + unit : ""}`;
}

/** Memory as machines count it: 612 MiB. */
export function mebibytes(n) {
  if (!Number.isFinite(n)) return "–";
  return n >= 10 * 2 ** 30 ? `${(n / 2 ** 30).toFixed(1)}${NARROW}GiB` : `${count(n / 2 ** 20)}${NARROW}MiB`;
}

/** A share of 1 in per cent: 17.1 %, 0.04 %, 28 %. */
export function percent(share, digits) {
  if (!Number.isFinite(share)) return "–";
  const p = share * 100;
  if (p > 0 && p < 0.05 && digits === undefined) return `<${NARROW}0.1${NARROW}%`;
  const places = digits ?? (p !== 0 && Math.abs(p) < 10 && !Number.isInteger(p) ? 1 : 0);
  return `${p.toFixed(places)}${NARROW}%`;
}

/** 9 s, 51 min, 2 h 06, 12 d */
export function age(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s}${NARROW}s`;
  if (s < 90 * 60) return `${Math.round(s / 60)}${NARROW}min`;
  if (s < 48 * 3600)
    return `${Math.floor(s / 3600)}${NARROW}h${NARROW}${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(s / 86400)}${NARROW}d`;
}

/** 0.41 ms, 9 ms, 1.2 s, of milliseconds. */
export function latency(ms) {
  if (!Number.isFinite(ms)) return "–";
  if (ms > 0 && ms < 0.1) return `${figures(ms * 1000)}${NARROW}µs`;
  if (ms < 1000) return `${+figures(ms)}${NARROW}ms`;
  return `${figures(ms / 1000)}${NARROW}s`;
}

// ---- times: as the clock on the wall here, or in UTC as logs have them

let utc = false;
try {
  utc = localStorage.getItem("puente-utc") === "yes";
} catch {
  /* a private window */
}

export const isUtc = () => utc;

export function useUtc(on) {
  utc = on;
  try {
    localStorage.setItem("puente-utc", on ? "yes" : "no");
  } catch {
    /* a private window: the choice lasts for this page */
  }
}

/** For toLocale...String. */
export const zone = () => (utc ? { timeZone: "UTC" } : {});

const instant = t => (typeof t === "string" ? Date.parse(t) : t);

/** 14:02:06 */
export function clock(t, withSeconds = true) {
  const ms = instant(t);
  if (!Number.isFinite(ms)) return "–";
  const d = new Date(ms);
  const two = n => String(n).padStart(2, "0");
  const [hours, minutes] = utc ? [d.getUTCHours(), d.getUTCMinutes()] : [d.getHours(), d.getMinutes()];
  return `${two(hours)}:${two(minutes)}${withSeconds ? `:${two(d.getSeconds())}` : ""}`;
}

/** 14:02:06 today, else 19 Nov 14:02. */
export function moment(t) {
  const ms = instant(t);
  if (!Number.isFinite(ms)) return "–";
  const d = new Date(ms);
  const date = at => at.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...zone() });
  return date(d) === date(new Date()) ? clock(ms) : `${date(d)} ${clock(ms, false)}`;
}

/** 21 Jan 2027 */
export function day(t) {
  const d = new Date(instant(t));
  return Number.isNaN(d.getTime())
    ? "–"
    : d.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
}

/** The whole truth about a time, for a title: local and UTC. */
export function fullTime(t) {
  const d = new Date(instant(t));
  return Number.isNaN(d.getTime()) ? "" : `${d.toLocaleString("en-GB")} here, ${d.toISOString()}`;
}

/** 3 nodes, 1 node */
export const plural = (n, one, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;

/** A long name keeps its beginning and its end. */
export function cut(text, most = 28) {
  const letters = [...String(text)];
  if (letters.length <= most) return letters.join("");
  const tail = Math.floor((most - 1) / 3);
  return letters.slice(0, most - 1 - tail).join("") + "…" + letters.slice(-tail).join("");
}

/** A session's id: of our long ones the time and the port in it differ, of others both ends. */
export function shortId(id) {
  const text = String(id);
  if (text.length >= 36) return `${text.slice(4, 10)}…${text.slice(-7, -3)}`;
  return text.length > 14 ? `${text.slice(0, 6)}…${text.slice(-4)}` : text;
}

/** [2001:db8::1]:443 gives 2001:db8::1; a port alone is none. */
export function host(address) {
  const text = String(address ?? "");
  const six = /^\[([^\]]*)\]/.exec(text);
  if (six) return six[1];
  const parts = text.split(":");
  return parts.length === 2 ? parts[0] : text;
}
