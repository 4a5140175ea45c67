// The page refreshes itself, unless it is paused or cannot be seen.
let before = null, readAt = 0, timer = 0, isPaused = false;

function setState(kind, text) {
  $("state").className = kind;
  setText($("state").firstChild, text);
}

function showRuntimes(now) {
  const labels = now.runtimes.map(runtime => runtime.label);
  const known = [...$("runtime").options].map(option => option.value);
  if (labels.join("\n") !== known.join("\n")) {
    $("runtime").replaceChildren(...labels.map(label => make("option", { value: label, text: label })));
  }
  $("runtime").value = now.runtime;
  $("runtimes").hidden = labels.length < 2;
}

function show(now) {
  const at = performance.now(), seconds = before ? (at - readAt) / 1000 : 1;
  showRuntimes(now);
  showCards(now, before, seconds);
  showWorkers(now, before, seconds);
  showCharts(now);
  setText($("program"), `${now.program}, process ${now.process}, runtime ${now.runtime}`);
  setText($("version"), `Selkie ${now.version}`);
  const up = Math.floor(now.shown_seconds);
  setText($("uptime"), `${Math.floor(up / 3600)} h ${Math.floor(up / 60) % 60} min ${up % 60} s`);
  document.title = `${now.program} – Selkie at work`;
  [before, readAt] = [now, at];
}

async function refresh() {
  clearTimeout(timer);
  if (!isPaused && !document.hidden) {
    try {
      show(await ask("api/stats"));
      await showTasks();
      if (!isPaused) setState("", "running");
    } catch (error) {
      setState("lost", error instanceof TypeError ? "not reachable" : error.message);
      before = null;
    }
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, Number($("rate").value));
}

$("pause").onclick = () => {
  isPaused = !isPaused;
  $("pause").setAttribute("aria-pressed", isPaused);
  $("pause").textContent = isPaused ? "Go on" : "Pause";
  before = null;
  if (isPaused) setState("paused", "paused"); else refresh();
};
$("rate").onchange = refresh;
$("runtime").onchange = () => {
  chosenRuntime = $("runtime").value;
  before = null;
  forgetCards();
  refresh();
};
document.onvisibilitychange = () => { if (!document.hidden) { before = null; refresh(); } };

const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};
function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  $("theme").textContent = isDark() ? "Light" : "Dark";
  if (!$("trace-view").hidden) drawTimeline();
}
$("theme").onclick = () => {
  setTheme(isDark() ? "light" : "dark");
  // Storage may be forbidden.
  try { localStorage.setItem("selkie-theme", document.documentElement.dataset.theme); } catch {}
};
try { setTheme(localStorage.getItem("selkie-theme")); } catch { setTheme(null); }

matchMedia("(prefers-color-scheme: dark)").onchange = () => setTheme(null);

document.onkeydown = event => {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !isTyping) { event.preventDefault(); $("filter").focus(); }
  if (event.key === "p" && !isTyping) $("pause").click();
};
refresh();
