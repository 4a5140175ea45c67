// A row for each worker, and histograms of all of them.
const WORKER_COLUMNS = [
  { title: "worker" }, { title: "busy" }, { title: "polls/s", rate: "polls_total" }, { title: "mean poll", less: true, value: w => duration(w.mean_poll_seconds) },
  { title: "queued", value: w => short(w.queue_depth) }, { title: "woken here/s", rate: "local_schedules_total", less: true },
  { title: "stolen/s", rate: "steals_total" }, { title: "overflows/s", rate: "overflows_total", less: true },
  { title: "parks/s", rate: "parks_total", less: true }, { title: "timers", less: true, value: w => short(w.timers) },
  { title: "sockets", less: true, value: w => short(w.io_sources) }, { title: "events/s", rate: "io_ready_events_total", less: true },
  { title: "ring", less: true, value: w => w.ring ? short(w.ring_in_flight) : "–" },
];

function workerRow(number) {
  const row = make("tr");
  for (const column of WORKER_COLUMNS) {
    const isBusy = column.title === "busy";
    const kind = [isBusy ? "busy" : "", column.less ? "less" : ""].join(" ").trim();
    row.append(column.title === "worker" ? make("th", { scope: "row", class: "left", text: number }) : make("td", { class: kind }));
    if (isBusy) row.lastChild.append(make("span", { class: "meter", "aria-hidden": "true" }, make("i")), " ", make("span", { class: "share" }));
  }
  return row;
}

// A worker says how long it was awake when it goes to sleep; one that does not sleep at all was busy all the time.
function busyShare(worker, old, seconds) {
  const isAwake = !worker.sleeping && !old.sleeping && worker.parks_total === old.parks_total;
  return isAwake ? 1 : Math.min(1, Math.max(0, (worker.busy_seconds_total - old.busy_seconds_total) / seconds));
}

function showWatchdog({ stalled_polls_total: count, longest_stalled_poll_seconds: longest }) {
  $("watchdog").hidden = count === 0;
  if (count) setText($("watchdog"), `The watchdog has reported ${count === 1 ? "a poll" : short(count) + " polls"}, the longest of ${duration(longest)}.`);
}

function showWorkers(now, before, seconds) {
  showWatchdog(now.figures);
  const table = $("workers");
  if (!table.tHead) {
    const titles = WORKER_COLUMNS.map(c => make("th", { scope: "col", class: (c.title === "worker" ? "left" : "") + (c.less ? " less" : ""), text: c.title }));
    table.append(make("thead", {}, make("tr", {}, ...titles)), make("tbody"));
  }
  const body = table.tBodies[0];
  while (body.rows.length > now.workers.length) body.lastChild.remove();
  while (body.rows.length < now.workers.length) body.append(workerRow(body.rows.length));
  now.workers.forEach((worker, number) => {
    const old = before && before.workers[number], cells = body.rows[number].cells;
    WORKER_COLUMNS.forEach((column, at) => {
      if (column.rate) setText(cells[at], old ? short(Math.max(0, worker[column.rate] - old[column.rate]) / seconds) : "–");
      else if (column.value) setText(cells[at], column.value(worker));
    });
    const busy = old ? busyShare(worker, old, seconds) * 100 : 0;
    const cell = body.rows[number].querySelector(".busy");
    cell.querySelector("i").style.width = busy.toFixed(1) + "%";
    setText(cell.querySelector(".share"), busy.toFixed(1) + " %");
    cell.classList.toggle("hot", busy > 99);
  });
}

const CHARTS = [
  { key: "poll_duration", title: "Length of polls", color: "var(--sky)" },
  { key: "schedule_latency", title: "From wake to poll", color: "var(--sun)" },
];
for (const chart of CHARTS) {
  chart.figures = make("p", { class: "sub" });
  chart.graph = makeSvg("svg", { viewBox: "0 0 240 90", preserveAspectRatio: "none", "aria-hidden": "true" });
  chart.edges = make("p", { class: "edges" }, make("span"), make("span"));
  chart.card = make("div", { class: "card chart" }, make("h3", { text: chart.title }), chart.figures, chart.graph, chart.edges);
  $("charts").append(chart.card);
}

// The duration that `share` of all is below or at.
function quantile(histogram, share) {
  const wanted = histogram.count * share;
  const bucket = histogram.buckets.find(([, count]) => count >= wanted);
  return bucket ? "≤ " + duration(bucket[0]) : "> " + duration(histogram.buckets.at(-1)?.[0] ?? 0);
}

function showCharts(now) {
  let isAny = false;
  for (const chart of CHARTS) {
    const histogram = now[chart.key];
    chart.card.hidden = !histogram;
    if (!histogram) continue;
    isAny = true;
    const shares = [["half", .5], ["99 %", .99], ["99.9 %", .999]].map(([name, share]) => `${name} ${quantile(histogram, share)}`);
    setText(chart.figures, histogram.count ? `${short(histogram.count)} in all: ${shares.join(", ")}` : "none yet");
    const counts = histogram.buckets.map(([, count], at) => count - (at ? histogram.buckets[at - 1][1] : 0));
    setText(chart.edges.firstChild, "≤ " + duration(histogram.buckets[0]?.[0]));
    setText(chart.edges.lastChild, "≤ " + duration(histogram.buckets.at(-1)?.[0]));
    // By their logarithms: the long ones are few, and they are what is looked for.
    const heights = counts.map(count => Math.log1p(count)), most = Math.max(1, ...heights), width = 240 / heights.length;
    chart.graph.replaceChildren(...heights.map((height, at) => makeSvg("rect", {
      x: (at * width + .3).toFixed(2), width: (width - .6).toFixed(2), y: (90 - height / most * 84).toFixed(1), height: (height / most * 84).toFixed(1), fill: chart.color,
    })));
  }
  $("histograms").hidden = !isAny;
}
