// The figures at the top, each with its last minute.
const CARDS = [
  { key: "tasks", title: "Tasks alive", color: "var(--sea)", value: s => s.figures.tasks_alive, sub: s => `${short(s.figures.tasks_spawned_total)} spawned, ${short(s.figures.task_memory_bytes / 1024)} KiB` },
  { key: "polls", title: "Polls", unit: "/s", color: "var(--sky)", rate: s => sum(s.workers, "polls_total"), sub: s => short(sum(s.workers, "polls_total")) + " in all" },
  { key: "queue", title: "Tasks queued", color: "var(--coral)", value: s => s.figures.inject_queue_depth + sum(s.workers, "queue_depth"), sub: s => short(s.figures.inject_queue_depth) + " from outside" },
  { key: "io", title: "I/O events", unit: "/s", color: "var(--sun)", rate: s => s.figures.io_ready_events_total, sub: s => short(s.figures.io_sources_registered_total - s.figures.io_sources_deregistered_total) + " sources registered" },
  { key: "timers", title: "Timers waiting", color: "var(--sea)", value: s => s.figures.timers, sub: () => "one wheel for each worker" },
  { key: "blocking", title: "Blocking threads", color: "var(--sun)", value: s => s.figures.blocking_threads, sub: s => `${short(s.figures.blocking_threads_idle)} idle, ${short(s.figures.blocking_queue_depth)} queued` },
  { key: "steals", title: "Tasks stolen", unit: "/s", color: "var(--coral)", rate: s => sum(s.workers, "steals_total"), sub: s => short(sum(s.workers, "steals_total")) + " in all" },
  { key: "parks", title: "Parks", unit: "/s", color: "var(--sky)", rate: s => sum(s.workers, "parks_total"), sub: s => `${short(s.figures.workers_sleeping)} of ${s.workers.length} workers sleep` },
];
const HISTORY = 60;
const records = {};

for (const card of CARDS) {
  records[card.key] = [];
  $("cards").append(make("div", { class: "card" },
    make("h3", { text: card.title }),
    make("p", { class: "big" }, make("span", { id: "v-" + card.key, text: "–" }), make("small", { text: card.unit ? " " + card.unit : "" })),
    make("p", { class: "sub", id: "s-" + card.key })));
  const graph = makeSvg("svg", { viewBox: "0 0 240 40", preserveAspectRatio: "none", "aria-hidden": "true" });
  card.area = makeSvg("polygon", { fill: card.color, opacity: ".16" });
  card.line = makeSvg("polyline", { fill: "none", stroke: card.color, "stroke-width": "1.6", "vector-effect": "non-scaling-stroke" });
  graph.append(card.area, card.line);
  $("cards").lastChild.append(graph);
}

function draw(card) {
  const points = records[card.key], most = Math.max(1, ...points);
  const at = (value, index) => `${((index + HISTORY - points.length) * 240 / (HISTORY - 1)).toFixed(1)},${(37 - value / most * 32).toFixed(1)}`;
  const line = points.map(at).join(" ");
  const first = ((HISTORY - points.length) * 240 / (HISTORY - 1)).toFixed(1);
  card.area.setAttribute("points", `${first},40 ${line} 240,40`);
  card.line.setAttribute("points", line);
}

function forgetCards() {
  for (const card of CARDS) records[card.key].length = 0;
}

function showCards(now, before, seconds) {
  for (const card of CARDS) {
    setText($("s-" + card.key), card.sub(now));
    if (card.rate && !before) continue;
    const value = card.rate ? Math.max(0, (card.rate(now) - card.rate(before)) / seconds) : card.value(now);
    const points = records[card.key];
    points.push(value);
    if (points.length > HISTORY) points.shift();
    setText($("v-" + card.key), short(value));
    draw(card);
  }
}
