// What canvases need to know of the page's colours, and the lines that mean something: events,
// targets, limits, today.

const DASHES = [[], [], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2], [12, 4]];
const known = new Map();
let probe;

export const dashOf = colour => DASHES[colour] ?? [];

/** A token as a colour that a canvas understands. */
export function ink(token) {
  if (known.has(token)) return known.get(token);
  if (!probe) {
    probe = document.createElement("i");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.setProperty("color", `var(${token})`);
  const colour = getComputedStyle(probe).color;
  known.set(token, colour);
  return colour;
}

/** After the theme changed. */
export function forgetInk() {
  known.clear();
}

export function areaFill(token) {
  const found = /(\d+)[ ,]+(\d+)[ ,]+(\d+)/.exec(ink(token));
  return found ? `rgba(${found[1]}, ${found[2]}, ${found[3]}, 0.15)` : "transparent";
}

export const surface = () => ink("--surface");

export function drawMarks(u, props) {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = `500 ${11 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "bottom";
  ctx.textAlign = "left";
  if (props.goal) level(u, props.goal, "--warn", [5, 4], scale);
  if (props.limit && props.limit.show !== false) level(u, props.limit, "--crit", [], scale);
  let free = -Infinity;
  for (const mark of props.marks ?? []) {
    const x = u.valToPos(mark.t, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    upright(ctx, x, bbox, ink("--muted"), [2, 3], scale);
    const width = ctx.measureText(mark.label).width;
    const left = Math.min(Math.max(x - width / 2, bbox.left), bbox.left + bbox.width - width);
    if (left < free) continue;
    ctx.fillStyle = ink("--text");
    ctx.fillText(mark.label, left, bbox.top - 3 * scale);
    free = left + width + 8 * scale;
  }
  if (props.today) upright(ctx, u.valToPos(props.today, "x", true), bbox, ink("--control"), [], scale);
  for (const dot of props.dots ?? []) spot(u, dot, scale);
  ctx.restore();
}

function level(u, line, token, dash, scale) {
  const { ctx, bbox } = u;
  const y = u.valToPos(line.v, "y", true);
  if (!(y >= bbox.top - 2 && y <= bbox.top + bbox.height)) return;
  ctx.beginPath();
  ctx.strokeStyle = ink(token);
  ctx.lineWidth = 1.25 * scale;
  ctx.setLineDash(dash.map(n => n * scale));
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.fillStyle = ink(token);
  ctx.fillText(line.label, bbox.left + 6 * scale, y - 2 * scale);
}

function upright(ctx, x, bbox, colour, dash, scale) {
  ctx.beginPath();
  ctx.strokeStyle = colour;
  ctx.lineWidth = scale;
  ctx.setLineDash(dash.map(n => n * scale));
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** A date on a line: full when likely, hollow at the edges of what may be. */
function spot(u, dot, scale) {
  const { ctx, bbox } = u;
  const x = u.valToPos(dot.t, "x", true);
  const y = u.valToPos(dot.v, "y", true);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  upright(ctx, x, { top: y, height: bbox.top + bbox.height - y }, ink("--muted"), [2, 3], scale);
  ctx.beginPath();
  ctx.arc(x, y, (dot.main ? 5 : 4) * scale, 0, 2 * Math.PI);
  ctx.fillStyle = dot.main ? ink("--s1") : surface();
  ctx.strokeStyle = dot.main ? surface() : ink("--s1");
  ctx.lineWidth = 2 * scale;
  ctx.fill();
  ctx.stroke();
  ctx.fillStyle = ink("--text");
  const width = ctx.measureText(dot.label).width;
  const left = Math.min(Math.max(x - width / 2, bbox.left), bbox.left + bbox.width - width);
  ctx.fillText(dot.label, left, dot.main ? y - 9 * scale : bbox.top + bbox.height - 6 * scale);
}
