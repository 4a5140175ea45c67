// What is asked of the program.
const BASE = location.pathname.endsWith("/") ? location.pathname : location.pathname + "/";
const token = new URLSearchParams(location.search).get("token");
let chosenRuntime = new URLSearchParams(location.search).get("runtime");

function pathOf(path, parameters = {}) {
  const query = new URLSearchParams(parameters);
  if (chosenRuntime) query.set("runtime", chosenRuntime);
  const text = query.toString();
  return BASE + path + (text ? "?" + text : "");
}

async function askRaw(path, parameters) {
  const headers = token ? { authorization: "Bearer " + token } : {};
  const answer = await fetch(pathOf(path, parameters), { cache: "no-store", headers });
  if (!answer.ok) throw new Error((await answer.text()).trim() || answer.statusText);
  return answer;
}

const ask = async (path, parameters) => (await askRaw(path, parameters)).json();

for (const link of document.querySelectorAll("a[data-path]")) {
  link.href = BASE + link.dataset.path + (token ? "?token=" + encodeURIComponent(token) : "");
}
