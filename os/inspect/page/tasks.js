// The tasks, one by one or by the place that spawned them; the program sorts and filters them.
const SHOWN_TASKS = 200;
const TASK_COLUMNS = {
  task: [
    { key: "id", title: "id", less: true }, { key: "name", title: "name", left: true }, { key: "spawned_at", title: "spawned at", left: true },
    { key: "state", title: "state", left: true, less: true, value: t => t.state === "running" ? `running on ${t.worker}` : t.state },
    { key: "state_seconds", title: "for", value: t => duration(t.state_seconds), less: true },
    { key: "polls", title: "polls", value: t => short(t.polls) }, { key: "busy_seconds", title: "busy", value: t => duration(t.busy_seconds) },
    { key: "queued_seconds", title: "queued", value: t => duration(t.queued_seconds), less: true },
    { key: "idle_seconds", title: "idle", value: t => duration(t.idle_seconds), less: true },
    { key: "longest_poll_seconds", title: "longest poll", value: t => duration(t.longest_poll_seconds), isHot: t => t.longest_poll_seconds > 0.01 },
    { key: "longest_queued_seconds", title: "longest wait", value: t => duration(t.longest_queued_seconds), isHot: t => t.longest_queued_seconds > 0.01 },
  ],
  place: [
    { key: "spawned_at", title: "spawned at", left: true }, { key: "live", title: "alive", value: t => short(t.live) },
    { key: "spawned", title: "spawned", value: t => short(t.spawned) }, { key: "polls", title: "polls", value: t => short(t.polls) },
    { key: "busy_seconds", title: "busy", value: t => duration(t.busy_seconds) },
    { key: "queued_seconds", title: "queued", value: t => duration(t.queued_seconds), less: true },
    { key: "longest_poll_seconds", title: "longest poll", value: t => duration(t.longest_poll_seconds), isHot: t => t.longest_poll_seconds > 0.01 },
    { key: "longest_queued_seconds", title: "longest wait", value: t => duration(t.longest_queued_seconds), isHot: t => t.longest_queued_seconds > 0.01 },
  ],
};
const tasksSort = { key: "busy_seconds", order: "desc" };
let tasksAsked = 0;

// The last two parts of a path, which are enough to know it by.
const shortPlace = place => place.split(/[\/\\]/).slice(-2).join("/");

function sortBy(key, isText) {
  const isSame = tasksSort.key === key;
  tasksSort.order = isSame ? (tasksSort.order === "desc" ? "asc" : "desc") : (isText ? "asc" : "desc");
  tasksSort.key = key;
  showTasks();
}

function taskHead(columns) {
  const cells = columns.map(column => {
    const kind = (column.left ? "left" : "") + (column.less ? " less" : "");
    const button = make("button", { type: "button", text: column.title, onclick: () => sortBy(column.key, column.left) });
    return make("th", { scope: "col", class: kind, "data-key": column.key }, button);
  });
  return make("thead", {}, make("tr", {}, ...cells));
}

function taskCell(column, row) {
  const cell = make(column.key === "id" ? "th" : "td");
  if (column.key === "id") cell.scope = "row";
  const value = row[column.key];
  const isPlace = column.key === "spawned_at";
  cell.className = [column.left ? "left" : "", column.less ? "less" : "", isPlace || column.key === "name" ? "wide" : "", isPlace ? "place" : "", column.isHot?.(row) ? "hot" : ""].join(" ").trim();
  cell.textContent = column.value ? column.value(row) : isPlace ? shortPlace(value) : value ?? "–";
  if (isPlace) cell.title = value;
  return cell;
}

async function showTasks() {
  const by = $("grouping").value, columns = TASK_COLUMNS[by], table = $("tasks");
  if (!columns.some(column => column.key === tasksSort.key)) Object.assign(tasksSort, { key: "busy_seconds", order: "desc" });
  const asked = ++tasksAsked;
  const answer = await ask("tasks.json", { by, sort: tasksSort.key, order: tasksSort.order, limit: SHOWN_TASKS, filter: $("filter").value.trim() });
  // A later question is under way.
  if (asked !== tasksAsked) return;
  if (table.dataset.by !== by) {
    table.replaceChildren(taskHead(columns), make("tbody"));
    table.dataset.by = by;
  }
  for (const head of table.tHead.rows[0].cells) {
    if (head.dataset.key === tasksSort.key) head.ariaSort = tasksSort.order === "desc" ? "descending" : "ascending";
    else head.removeAttribute("aria-sort");
  }
  const rows = answer[by === "task" ? "tasks" : "places"];
  table.tBodies[0].replaceChildren(...rows.map(row => make("tr", {}, ...columns.map(column => taskCell(column, row)))));
  const what = by === "task" ? "tasks" : "places", omitted = answer.omitted ? `, the first ${rows.length} are shown` : "";
  const alive = before ? before.figures.tasks_alive : 0;
  const unseen = by === "task" && alive > answer.total ? ` Tasks from before this page was opened appear when they are next woken: ${short(alive - answer.total)}.` : "";
  setText($("tasks-note"), `${short(answer.matching)} of ${short(answer.total)} ${what}${omitted}.${unseen}`);
  $("task-section").hidden = false;
}

function tasksFailed(error) {
  setText($("tasks-note"), error.message);
}
$("filter").oninput = () => showTasks().catch(tasksFailed);
$("filter").onkeydown = event => { if (event.key === "Escape") { $("filter").value = ""; showTasks().catch(tasksFailed); $("filter").blur(); } };
$("grouping").onchange = () => showTasks().catch(tasksFailed);
