// The page: its dashboards, its address, and what it asks the server for.
const SECONDS = {s: 1, m: 60, h: 3600, d: 86400};
const dashboards = [];

// Go to the same page with other parameters; null takes one away.
function go(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes))
    value === null ? query.delete(name) : query.set(name, value);
  const text = query.toString();
  history.pushState(null, "", text ? `?${text}` : location.pathname);
  return again();
}

async function again() {
  if (PAGE.served) await ask();
  else for (const dashboard of dashboards) dashboard.draw();
}

let newest = 0;
let failed = "";

function say(problem) {
  document.querySelector(".banner").textContent = [failed, problem].filter(Boolean).join("\n");
}

async function ask() {
  const number = ++newest;
  try {
    const response = await fetch(`/api/preview/dashboards/${PAGE.uid}${location.search}`);
    const body = await response.json();
    if (number !== newest) return;  // a later request is under way
    failed = response.ok ? "" : body.detail;
    say(body.problem);
    if (!response.ok) return;
    version = body.version;
    const [dashboard] = dashboards;
    dashboard.take(body.model);
    dashboard.draw();
    refreshing();
  } catch (error) {
    failed = `The preview does not answer: ${error.message}. \`make up\` starts it.`;
    say("");
  }
}

let version = PAGE.version;
let timer;

function refreshing() {
  clearInterval(timer);
  const every = /^(\d+)([smhd])$/.exec(dashboards[0].model.refresh ?? "");
  if (every) timer = setInterval(() => document.hidden || ask(),
    1000 * Math.max(1, every[1] * SECONDS[every[2]]));
}

// A changed source is drawn anew at once.
async function watch() {
  try {
    const build = await (await fetch("/api/preview/source")).json();
    if (build.version !== version) await ask();
    else say(build.problem);
  } catch { /* the next request may succeed */ }
  setTimeout(watch, 1000);
}

for (const [number, view] of PAGE.dashboards.entries())
  dashboards.push(new Dashboard(document.getElementById(`dashboard-${number}`), view.model,
    view.touched));
addEventListener("popstate", again);
if (PAGE.served) {
  refreshing();
  watch();
}
for (const button of document.querySelectorAll("[data-view]"))
  button.onclick = () => {
    document.querySelector(".compared").className = `compared ${button.dataset.view}`;
    dispatchEvent(new Event("resize"));
  };
