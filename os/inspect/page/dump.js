// Where tasks wait: those that wait for the same together.
const SHOWN_OF_GROUP = 100;

const taskTitle = task => `task ${task.id}` + (task.name ? ` (${task.name})` : "") + `, spawned at ${task.spawned_at}`;

function waitsFor(task) {
  if (task.state === "running") return `in a poll that lasts, for ${duration(task.poll_seconds)}`;
  if (task.state === "untraced") return "not traced: no worker is free to poll it";
  return task.waits_for.join(" or ") || "nothing of this runtime's";
}

function frameText(frame) {
  return frame.function + (frame.file ? `\n    at ${frame.file}:${frame.line}` : "");
}

function groupElement(title, tasks) {
  const summary = make("summary", {}, make("span", { class: "count", text: short(tasks.length) }), make("span", { text: title }));
  const details = make("details", {}, summary);
  // Filled when it is first opened.
  details.ontoggle = () => {
    if (!details.open || details.children.length > 1) return;
    const list = make("div", { class: "waiting" });
    for (const task of tasks.slice(0, SHOWN_OF_GROUP)) {
      list.append(make("p", { text: taskTitle(task) }));
      for (const trace of task.traces) list.append(make("pre", { tabindex: "0", text: trace.map(frameText).join("\n") }));
    }
    if (tasks.length > SHOWN_OF_GROUP) list.append(make("p", { text: `and ${short(tasks.length - SHOWN_OF_GROUP)} more` }));
    details.append(list);
  };
  return details;
}

function showDump(dump) {
  const groups = new Map();
  for (const task of dump.tasks) {
    const title = waitsFor(task);
    if (!groups.has(title)) groups.set(title, []);
    groups.get(title).push(task);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
  $("dump").replaceChildren(...sorted.map(([title, tasks]) => groupElement(title, tasks)));
  $("dump").hidden = sorted.length === 0;
  const stuck = dump.stuck_workers.length ? ` Workers in long polls: ${dump.stuck_workers.join(", ")}.` : "";
  const omitted = dump.omitted ? ` ${short(dump.omitted)} more are not shown.` : "";
  $("dump-note").textContent = `${short(dump.tasks.length)} tasks at ${new Date().toLocaleTimeString()}.${omitted}${stuck}`;
}

$("take-dump").onclick = async () => {
  $("take-dump").disabled = true;
  $("dump-note").textContent = "The workers are asked …";
  try { showDump(await ask("dump.json")); } catch (error) { $("dump-note").textContent = String(error.message); }
  $("take-dump").disabled = false;
};
