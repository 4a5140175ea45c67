// A trace as a picture: a row for each worker, polls as bars, and an arrow from whoever woke a task to its poll.
const ROW = 30, AXIS = 22, LEFT = 92;
const timeline = { rows: [], arrows: new Map(), from: 0, to: 1, end: 1, chosen: null };

function readTrace(trace) {
  const rows = new Map(), row = tid => rows.get(tid) ?? rows.set(tid, { tid, name: `thread ${tid}`, slices: [] }).get(tid);
  const starts = new Map(), arrows = new Map();
  let end = 1;
  for (const event of trace.traceEvents) {
    if (event.ph === "M" && event.name === "thread_name") row(event.tid).name = event.args.name;
    else if (event.ph === "X" && event.cat !== "wake") {
      row(event.tid).slices.push(event);
      end = Math.max(end, event.ts + event.dur);
    } else if (event.ph === "s") starts.set(event.id, event);
    else if (event.ph === "f") arrows.set(`${event.tid} ${event.ts}`, starts.get(event.id));
  }
  const sorted = [...rows.values()].sort((a, b) => a.tid - b.tid);
  for (const { slices } of sorted) slices.sort((a, b) => a.ts - b.ts);
  Object.assign(timeline, { rows: sorted, arrows, from: 0, to: end, end, chosen: null });
}

const polls = () => timeline.rows.flatMap(row => row.slices.filter(slice => slice.cat === "poll").map(slice => ({ row, slice })));

// A task without a name is called by the place that spawned it: its file and line are enough here.
const titleOf = ({ name, args }) => args?.spawned_at?.startsWith(name) ? shortPlace(name) : name;

function colorOf(slice, color) {
  if (slice.cat === "park") return color("--track");
  if (slice.cat !== "poll") return color("--dim");
  let hash = 0;
  for (const letter of slice.name) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  return `hsl(${hash} 60% 55%)`;
}

// The first slice that ends after `time`: those of one row do not overlap.
function firstAfter(slices, time) {
  let low = 0, high = slices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (slices[middle].ts + slices[middle].dur < time) low = middle + 1; else high = middle;
  }
  return low;
}

function scale() {
  const width = $("timeline").clientWidth - LEFT;
  return { width, x: time => LEFT + (time - timeline.from) / (timeline.to - timeline.from) * width, time: x => timeline.from + (x - LEFT) / width * (timeline.to - timeline.from) };
}

function drawAxis(draw, color, { width, x }) {
  const span = timeline.to - timeline.from, unit = 10 ** Math.floor(Math.log10(span / 4));
  const step = unit * ([1, 2, 5].find(times => span / (unit * times) <= Math.min(8, width / 75)) ?? 10);
  draw.fillStyle = color("--dim");
  draw.strokeStyle = color("--line");
  for (let time = Math.ceil(timeline.from / step) * step; time <= timeline.to; time += step) {
    const at = Math.round(x(time)) + .5;
    draw.beginPath(); draw.moveTo(at, AXIS - 4); draw.lineTo(at, AXIS + timeline.rows.length * ROW); draw.stroke();
    if (at < LEFT + width - 40) draw.fillText(time === 0 ? "0" : duration(time / 1e6), at + 4, 13);
  }
}

function drawRow(draw, color, row, top, { width, x }) {
  draw.fillStyle = color("--text");
  draw.fillText(row.name, 8, top + 19, LEFT - 14);
  let drawnTo = -1;
  for (let at = firstAfter(row.slices, timeline.from); at < row.slices.length; at++) {
    const slice = row.slices[at], start = Math.max(LEFT, x(slice.ts)), end = Math.min(LEFT + width, x(slice.ts + slice.dur));
    if (slice.ts > timeline.to) break;
    // What is narrower than a pixel is drawn once.
    if (end < drawnTo) continue;
    const wide = Math.max(1, end - start);
    drawnTo = start + wide - .5;
    const height = slice.cat === "poll" ? ROW - 6 : slice.cat === "park" ? 6 : 14;
    draw.fillStyle = colorOf(slice, color);
    draw.fillRect(start, top + (ROW - height) / 2, wide, height);
    if (slice.cat === "poll" && wide > 46) {
      draw.fillStyle = "#06131c";
      draw.fillText(titleOf(slice), start + 4, top + 19, wide - 8);
    }
  }
}

function drawChosen(draw, color, { x }) {
  const { row, slice } = timeline.chosen, top = AXIS + timeline.rows.indexOf(row) * ROW;
  draw.strokeStyle = color("--text");
  draw.lineWidth = 2;
  draw.strokeRect(x(slice.ts), top + 2, Math.max(2, x(slice.ts + slice.dur) - x(slice.ts)), ROW - 4);
  const waker = timeline.arrows.get(`${slice.tid} ${slice.ts}`);
  const from = waker && timeline.rows.findIndex(other => other.tid === waker.tid);
  if (waker && from >= 0) {
    draw.strokeStyle = draw.fillStyle = color("--coral");
    const [x1, y1, x2, y2] = [x(waker.ts), AXIS + from * ROW + ROW / 2, x(slice.ts), top + ROW / 2];
    draw.beginPath(); draw.moveTo(x1, y1); draw.lineTo(x2, y2); draw.stroke();
    draw.beginPath(); draw.arc(x1, y1, 3.5, 0, 7); draw.fill();
  }
  draw.lineWidth = 1;
}

function drawTimeline() {
  const canvas = $("timeline"), ratio = devicePixelRatio || 1, height = AXIS + timeline.rows.length * ROW + 4;
  canvas.style.height = height + "px";
  Object.assign(canvas, { width: canvas.clientWidth * ratio, height: height * ratio });
  const draw = canvas.getContext("2d"), place = scale(), known = new Map();
  draw.scale(ratio, ratio);
  draw.font = "12px system-ui, 'DejaVu Sans', sans-serif";
  // What a colour is in this theme, the element knows that has it.
  const resolve = name => { canvas.style.color = `var(${name})`; return getComputedStyle(canvas).color; };
  const color = name => known.get(name) ?? known.set(name, resolve(name)).get(name);
  drawAxis(draw, color, place);
  timeline.rows.forEach((row, at) => drawRow(draw, color, row, AXIS + at * ROW, place));
  if (timeline.chosen) drawChosen(draw, color, place);
}

function describe({ row, slice }) {
  const { args } = slice, parts = [`${titleOf(slice)}: ${duration(slice.dur / 1e6)} on ${row.name}, at ${duration(slice.ts / 1e6)}`];
  if (args?.task !== undefined) parts.push(`task ${args.task}, spawned at ${args.spawned_at}`);
  if (args?.woken_by) parts.push(`woken by ${args.woken_by}`);
  if (args?.scheduling_delay_us !== undefined) parts.push(`queued for ${duration(args.scheduling_delay_us / 1e6)}`);
  return parts.join("; ");
}

function choose(chosen, shouldShow) {
  timeline.chosen = chosen;
  setText($("timeline-chosen"), chosen ? describe(chosen) : "");
  if (chosen && shouldShow) {
    const span = Math.max(chosen.slice.dur * 4, 50);
    zoomTo(chosen.slice.ts - span * .4, chosen.slice.ts + span * .6);
  } else drawTimeline();
}

function zoomTo(from, to) {
  const span = Math.min(timeline.end, Math.max(.1, to - from));
  timeline.from = Math.min(Math.max(0, from), timeline.end - span);
  timeline.to = timeline.from + span;
  drawTimeline();
}

function zoomBy(factor, around = (timeline.from + timeline.to) / 2) {
  zoomTo(around - (around - timeline.from) * factor, around + (timeline.to - around) * factor);
}

function sliceAt(event) {
  const box = $("timeline").getBoundingClientRect(), row = timeline.rows[Math.floor((event.clientY - box.top - AXIS) / ROW)];
  if (!row) return null;
  const { time } = scale(), at = time(event.clientX - box.left), slack = (timeline.to - timeline.from) / 300;
  const near = row.slices.slice(Math.max(0, firstAfter(row.slices, at - slack) - 1)).find(slice => slice.ts + slice.dur >= at - slack);
  return near && near.ts <= at + slack ? { row, slice: near } : null;
}

let dragged = null;
const canvas = $("timeline");
canvas.onpointerdown = event => { dragged = { x: event.clientX, from: timeline.from, to: timeline.to, moved: false }; canvas.setPointerCapture(event.pointerId); };
canvas.onpointermove = event => {
  if (!dragged) return;
  const shift = (dragged.x - event.clientX) / scale().width * (dragged.to - dragged.from);
  dragged.moved ||= Math.abs(dragged.x - event.clientX) > 3;
  if (dragged.moved) zoomTo(dragged.from + shift, dragged.to + shift);
};
canvas.onpointerup = event => { if (dragged && !dragged.moved) choose(sliceAt(event), false); dragged = null; };
canvas.onpointercancel = () => { dragged = null; };
canvas.addEventListener("wheel", event => {
  // A plain wheel scrolls the page.
  if (!event.ctrlKey && !event.shiftKey) return;
  event.preventDefault();
  zoomBy((event.deltaY || event.deltaX) > 0 ? 1.25 : .8, scale().time(event.clientX - canvas.getBoundingClientRect().left));
}, { passive: false });
canvas.onkeydown = event => {
  const span = timeline.to - timeline.from, keys = {
    "+": () => zoomBy(.5), "=": () => zoomBy(.5), "-": () => zoomBy(2), "0": () => zoomTo(0, timeline.end),
    ArrowLeft: () => zoomTo(timeline.from - span / 4, timeline.to - span / 4), ArrowRight: () => zoomTo(timeline.from + span / 4, timeline.to + span / 4),
  };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
};
$("zoom-in").onclick = () => zoomBy(.5);
$("zoom-out").onclick = () => zoomBy(2);
$("zoom-all").onclick = () => zoomTo(0, timeline.end);
window.addEventListener("resize", () => { if (!$("trace-view").hidden) drawTimeline(); });

const LONGEST = [
  { id: "longest-polls", title: "Longest polls", of: slice => slice.dur },
  { id: "longest-delays", title: "Longest in a queue", of: slice => slice.args?.scheduling_delay_us ?? 0 },
];

// The picture in words: what most people look for in it.
function showLongest() {
  const all = polls();
  $("longest").replaceChildren(...LONGEST.map(({ title, of }) => {
    const most = all.toSorted((a, b) => of(b.slice) - of(a.slice)).slice(0, 8).filter(({ slice }) => of(slice) > 0);
    const entries = most.map(found => make("li", {}, make("button", { type: "button", onclick: () => choose(found, true) },
      make("b", { text: duration(of(found.slice) / 1e6) }), ` ${titleOf(found.slice)}, ${found.row.name}`)));
    return make("div", { class: "card" }, make("h3", { text: title }), make("ol", {}, ...entries));
  }));
}

function showTimeline(trace) {
  readTrace(trace);
  $("trace-view").hidden = false;
  choose(null, false);
  showLongest();
}
