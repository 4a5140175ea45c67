// Where tasks wait: those that wait for the same together.
const SHOWN_OF_GROUP = 50;

function taskTitle(task) {
  const name = task.name ? `${task.id} (${task.name})` : `${task.id}`;
  return task.poll_seconds ? `${name} for ${duration(task.poll_seconds)}` : name;
}

function waitsFor(task) {
  if (task.state === "running") return "nothing: they are in a poll that lasts";
  if (task.state === "untraced") return "not traced: no worker is free to poll them";
  return task.waits_for.join(" or ") || "nothing of this runtime's";
}

const frameText = frame => frame.function + (frame.file ? `\n    at ${shortPlace(frame.file)}:${frame.line}` : "");

// The program's calls, and the first of the runtime's: what that does inside is of no use here.
function traceText(trace) {
  const own = trace.findLastIndex(frame => !frame.runtime);
  return trace.slice(0, own + 2).map(frameText).join("\n");
}

// Those that were spawned at one place and wait at one place are shown together.
function alike(tasks) {
  const groups = new Map();
  for (const task of tasks) {
    const key = task.spawned_at + "\n" + task.traces.map(traceText).join("\n\n");
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(task);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

function alikeElements(tasks) {
  const named = tasks.slice(0, SHOWN_OF_GROUP).map(taskTitle).join(", ");
  const more = tasks.length > SHOWN_OF_GROUP ? ` and ${short(tasks.length - SHOWN_OF_GROUP)} more` : "";
  const title = `${tasks.length === 1 ? "task" : short(tasks.length) + " tasks"} ${named}${more}, spawned at ${tasks[0].spawned_at}`;
  return [make("p", { text: title }), ...tasks[0].traces.map(trace => make("pre", { tabindex: "0", text: traceText(trace) }))];
}

function groupElement(title, tasks) {
  const summary = make("summary", {}, make("span", { class: "count", text: short(tasks.length) }), make("span", { text: title }));
  const details = make("details", {}, summary);
  // Filled when it is first opened.
  details.ontoggle = () => {
    if (!details.open || details.children.length > 1) return;
    details.append(make("div", { class: "waiting" }, ...alike(tasks).slice(0, SHOWN_OF_GROUP).flatMap(alikeElements)));
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
  $("dump-note").textContent = `${short(dump.tasks.length)} tasks at ${new Date().toLocaleTimeString()}.${omitted}${stuck}`
    + (sorted.length ? "" : " What block_on runs, the body of main as a rule, is no task.");
}

$("take-dump").onclick = async () => {
  $("take-dump").disabled = true;
  $("dump-note").textContent = "The workers are asked …";
  try { showDump(await ask("dump.json")); } catch (error) { $("dump-note").textContent = String(error.message); }
  $("take-dump").disabled = false;
};
