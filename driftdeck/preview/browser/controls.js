// What stands above the panels: title, time range, variables, annotations, links.

const QUICK = ["now-5m", "now-15m", "now-1h", "now-6h", "now-24h", "now-2d", "now-7d", "now-30d",
  "now-90d", "now-6M", "now-1y", "now-2y"];
const REFRESH = ["", "5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h"];
const WORDS = {m: "minutes", h: "hours", d: "days", M: "months", y: "years"};

function titleBar(dashboard) {
  const time = dashboard.model.time;
  const range = `${time.text}${time.text.startsWith("Last") ? "" : ` ${time.zone ?? ""}`}`;
  return el("div", {className: "bar"},
    PAGE.index ? el("a", {href: PAGE.index, textContent: "Dashboards"}) : null,
    el("h1", {textContent: dashboard.model.title, title: dashboard.model.description}),
    el("span", {className: "badge", title: "The same JSON and the same queries, drawn without"
      + " Grafana: alerts and editing are missing", textContent: `Preview, ${time.drawn}`}),
    el("span", {className: "space"}),
    PAGE.served ? timePicker(dashboard, range) : el("span", {className: "note", textContent: range}),
    PAGE.served ? refreshPicker(dashboard) : null);
}

function timePicker(dashboard, range) {
  const time = dashboard.model.time;
  const known = QUICK.includes(time.from) && time.to === "now";
  const list = select(
    [...(known ? [] : [[range, ""]]), ...QUICK.map(quick => [`Last ${quick.slice(4, -1)} ${WORDS[quick.at(-1)]}`, quick]),
      ["Another range …", "other"], ["The dashboard's own", "own"]],
    known ? time.from : "", value => {
      if (value === "own") return go({from: null, to: null});
      if (value !== "other") return go({from: value, to: "now"});
      const from = prompt("From: now-90d, or 2013-01-01T00:00", time.from);
      const to = from && prompt("To", time.to);
      return to ? go({from, to}) : dashboard.draw();
    });
  list.title = `${time.from} to ${time.to}`;
  return list;
}

function refreshPicker(dashboard) {
  const now = dashboard.model.refresh === "off" ? "" : dashboard.model.refresh;
  const options = [...new Set([...REFRESH, now])];
  return select(options.map(interval => [interval || "no refresh", interval]), now,
    value => go({refresh: value || "off"}));
}

function controlBar(dashboard) {
  const bar = el("div", {className: "bar"});
  for (const variable of dashboard.model.variables.filter(variable => !variable.hidden))
    bar.append(...variableControl(dashboard, variable));
  for (const annotation of dashboard.model.annotations.filter(annotation => !annotation.hidden)) {
    const box = el("input", {type: "checkbox", checked: dashboard.shown[annotation.name], onchange: () => {
      dashboard.shown[annotation.name] = box.checked;
      dashboard.plots.forEach(plot => plot.mark());
    }});
    const failed = dashboard.choices.of(annotation.marks)?.error;
    bar.append(el("label", {className: "toggle", title: failed || ""},
      failed ? `! ${annotation.name}` : annotation.name, box));
  }
  bar.append(el("span", {className: "space"}));
  for (const link of dashboard.model.links)
    bar.append(el("a", {className: "button", textContent: link.title,
      href: dashboard.address(link.url)}));
  return bar.children.length > 1 ? bar : "";
}

function variableControl(dashboard, variable) {
  const value = dashboard.choices.values[variable.name];
  const label = el("span", {className: "label", textContent: variable.label});
  if (variable.kind === "textbox" || variable.kind === "constant")
    return [label, el("span", {textContent: value})];
  const offered = dashboard.choices.of(variable.options) || [];
  const chosen = dashboard.choices.all.has(variable.name) ? "$__all" : [value].flat()[0];
  const list = select(offered.map(option => [option.text, option.value]), chosen, value => {
    if (PAGE.served) return go({[`var-${variable.name}`]: value});
    dashboard.choices.choose(variable, value);
    dashboard.choices.settle();
    const query = new URLSearchParams(location.search);
    query.set(`var-${variable.name}`, value);
    history.replaceState(null, "", `?${query}`);
    return dashboard.draw();
  });
  return [label, list];
}
