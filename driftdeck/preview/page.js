"use strict";
// Shows what stack/preview/draw.py drew. The page holds either every choice of the variables
// (a file), or the one that its address asks for, and asks the server for others (served).

const PAGE = JSON.parse(document.getElementById("page").textContent);
const QUICK = ["now-5m", "now-15m", "now-1h", "now-6h", "now-24h", "now-2d", "now-7d", "now-30d",
  "now-90d", "now-6M", "now-1y", "now-2y"];
const REFRESH = ["", "5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h"];
const WORDS = {m: "minutes", h: "hours", d: "days", M: "months", y: "years"};
const SECONDS = {s: 1, m: 60, h: 3600, d: 86400};

function el(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter(child => child !== null));
  return element;
}

// Data may hold anything: an address that would run a script leads nowhere.
function harmless(url) {
  try {
    const scheme = new URL(url, location.href).protocol;
    return ["http:", "https:", "mailto:", "file:", "about:"].includes(scheme) ? url : "about:blank";
  } catch {
    return "about:blank";
  }
}

function select(options, value, change) {
  const list = el("select", {onchange: () => change(list.value)},
    ...options.map(([text, value]) => el("option", {value, textContent: text})));
  list.value = value;
  return list;
}

class Dashboard {
  constructor(root, model, touched = []) {
    this.root = root;
    this.touched = new Set(touched);
    this.plots = [];
    this.folded = new Map();
    this.off = new Map();
    this.take(model);
    if (!PAGE.served) this.chooseFromAddress();
    this.draw();
  }

  take(model) {
    const shown = this.shown || {};
    this.model = model;
    this.choice = {...model.chosen};
    this.all = new Set(model.variables.filter(variable => Array.isArray(this.choice[variable.name])
      && this.choice[variable.name].length > 1).map(variable => variable.name));
    this.shown = Object.fromEntries(
      model.annotations.map(annotation => [annotation.name, shown[annotation.name] ?? annotation.enable]));
  }

  chooseFromAddress() {
    for (const [key, value] of new URLSearchParams(location.search)) {
      const variable = this.model.variables.find(other => `var-${other.name}` === key);
      if (variable) this.choose(variable, value);
    }
    this.settle();
  }

  // Values that the others' choice does not offer become the first that it does.
  settle() {
    for (const variable of this.model.variables) {
      const offered = this.of(variable.options) || [];
      const known = offered.map(option => option.value);
      const values = [this.choice[variable.name]].flat();
      if (this.all.has(variable.name)) this.choose(variable, "$__all");
      else if (known.length && !values.every(value => known.includes(value)))
        this.choose(variable, known[0]);
    }
  }

  choose(variable, value) {
    const offered = this.of(variable.options) || [];
    const all = offered.map(option => option.value).filter(option => option !== "$__all");
    if (value === "$__all") this.all.add(variable.name);
    else this.all.delete(variable.name);
    this.choice[variable.name] = value === "$__all" ? all : variable.several ? [value] : value;
  }

  of(byChoice) {
    return byChoice.by[JSON.stringify(byChoice.uses.map(name => this.choice[name] ?? ""))];
  }

  draw() {
    const single = new URLSearchParams(location.search).get("viewPanel");
    this.root.classList.toggle("single", Boolean(single));
    for (const plot of this.plots) plot.leave();
    document.querySelector(".menu")?.remove();
    this.plots = [];
    this.seen?.disconnect();
    this.seen = new IntersectionObserver(entries => entries.forEach(entry => {
      if (entry.isIntersecting) entry.target.appear?.();
    }), {rootMargin: "600px"});
    const left = this.model.sections.flatMap(section => section.panels)
      .reduce((sum, panel) => sum + panel.drawn.left_out, 0);
    this.root.replaceChildren(
      this.bar(), this.controls(),
      left ? el("p", {className: "note", textContent:
        `${left} drawings of further choices are left out: there are too many.`}) : "",
      ...this.model.sections.flatMap(section => this.section(section, single)));
  }

  bar() {
    const time = this.model.time;
    const range = `${time.text}${time.text.startsWith("Last") ? "" : ` ${time.zone ?? ""}`}`;
    return el("div", {className: "bar"},
      PAGE.index ? el("a", {href: PAGE.index, textContent: "Dashboards"}) : null,
      el("h1", {textContent: this.model.title, title: this.model.description}),
      el("span", {className: "badge", title: "The same JSON and the same queries, drawn without"
        + " Grafana: alerts and editing are missing", textContent: `Preview, ${time.drawn}`}),
      el("span", {className: "space"}),
      PAGE.served ? this.picker(time, range) : el("span", {className: "note", textContent: range}),
      PAGE.served ? this.refresher() : null);
  }

  picker(time, range) {
    const known = QUICK.includes(time.from) && time.to === "now";
    const list = select(
      [...(known ? [] : [[range, ""]]), ...QUICK.map(quick => [`Last ${quick.slice(4, -1)} ${WORDS[quick.at(-1)]}`, quick]),
        ["Another range …", "other"], ["The dashboard's own", "own"]],
      known ? time.from : "", value => {
        if (value === "own") return go({from: null, to: null});
        if (value !== "other") return go({from: value, to: "now"});
        const from = prompt("From: now-90d, or 2013-01-01T00:00", time.from);
        const to = from && prompt("To", time.to);
        return to ? go({from, to}) : this.draw();
      });
    list.title = `${time.from} to ${time.to}`;
    return list;
  }

  refresher() {
    const now = this.model.refresh === "off" ? "" : this.model.refresh;
    const options = [...new Set([...REFRESH, now])];
    return select(options.map(interval => [interval || "no refresh", interval]), now,
      value => go({refresh: value || "off"}));
  }

  controls() {
    const bar = el("div", {className: "bar"});
    for (const variable of this.model.variables.filter(variable => !variable.hidden))
      bar.append(...this.variable(variable));
    for (const annotation of this.model.annotations.filter(annotation => !annotation.hidden)) {
      const box = el("input", {type: "checkbox", checked: this.shown[annotation.name], onchange: () => {
        this.shown[annotation.name] = box.checked;
        this.plots.forEach(plot => plot.mark());
      }});
      const failed = this.of(annotation.marks)?.error;
      bar.append(el("label", {className: "toggle", title: failed || ""},
        failed ? `! ${annotation.name}` : annotation.name, box));
    }
    bar.append(el("span", {className: "space"}));
    for (const link of this.model.links)
      bar.append(el("a", {className: "button", textContent: link.title,
        href: this.address(link.url)}));
    return bar.children.length > 1 ? bar : "";
  }

  variable(variable) {
    const value = this.choice[variable.name];
    const label = el("span", {className: "label", textContent: variable.label});
    if (variable.kind === "textbox" || variable.kind === "constant")
      return [label, el("span", {textContent: value})];
    const offered = this.of(variable.options) || [];
    const chosen = this.all.has(variable.name) ? "$__all" : [value].flat()[0];
    const list = select(offered.map(option => [option.text, option.value]), chosen, value => {
      if (PAGE.served) return go({[`var-${variable.name}`]: value});
      this.choose(variable, value);
      this.settle();
      const query = new URLSearchParams(location.search);
      query.set(`var-${variable.name}`, value);
      history.replaceState(null, "", `?${query}`);
      return this.draw();
    });
    return [label, list];
  }

  section(section, single) {
    const grid = el("div", {className: "grid"});
    const top = Math.min(...section.panels.map(panel => panel.place.y));
    grid.append(...section.panels.map(panel => this.panel(panel, top, single)));
    if (section.title === null) return [grid];
    const title = this.of(section.title)?.title ?? "";
    const arrow = () => (row.classList.contains("collapsed") ? "› " : "⌄ ") + title;
    const button = el("button", {onclick: () => {
      this.folded.set(section.id, row.classList.toggle("collapsed"));
      button.textContent = arrow();
    }});
    const folded = this.folded.get(section.id) ?? section.collapsed;
    const row = el("div", {className: `row${folded ? " collapsed" : ""}`}, button);
    button.textContent = arrow();
    return section.panels.length ? [row, grid] : [row];
  }

  panel(panel, top, single) {
    const drawn = this.of(panel.drawn)
      ?? {title: "", error: "Not drawn for this choice; `make preview` draws the first 500."};
    const body = el("div", {className: "body"});
    const info = drawn.description || panel.notes.length
      ? el("span", {className: "info", textContent: panel.notes.length ? "!" : "i"},
        el("div", {}, el("div", {innerHTML: drawn.description ?? ""}),
          ...panel.notes.map(note => el("p", {textContent: note}))))
      : null;
    const links = el("span", {className: "links"}, ...panel.links.map(link =>
      el("a", {textContent: "↗", title: link.title, href: this.address(link.url)})));
    const title = el("span", {className: "title", textContent: drawn.title,
      onclick: () => go({viewPanel: single ? null : panel.id})});
    const box = el("section", {
      className: "panel" + (this.touched.has(panel.id) ? " touched" : "")
        + (String(panel.id) === single ? " seen" : ""),
      style: `grid-column: ${panel.place.x + 1} / span ${panel.place.w};`
        + ` grid-row: ${panel.place.y - top + 1} / span ${panel.place.h};`
        + ` --height: ${38 * panel.place.h - 8}px`,
    }, el("header", {}, info, title, links), body);
    box.dataset.panel = panel.id;
    if (drawn.error) body.append(el("div", {className: "error", textContent: drawn.error}));
    else if (drawn.traces) this.plotted(body, drawn, panel.id);
    else if (drawn.html) {
      body.innerHTML = drawn.html;
      for (const link of body.querySelectorAll("a")) link.href = this.address(link.getAttribute("href"));
    } else body.append(el("div", {className: "empty", textContent: "No data"}));
    return box;
  }

  plotted(body, drawn, id) {
    const div = el("div", {className: "plot"});
    const plot = new Plot(this, div, drawn, id);
    body.append(el("div", {className: `plotted${drawn.legend.right ? " right" : ""}`}, div,
      plot.legend()));
    this.plots.push(plot);
    div.appear = () => plot.appear();
    this.seen.observe(div);
  }

  marks() {
    return this.model.annotations.filter(annotation => this.shown[annotation.name]).flatMap(annotation =>
      (this.of(annotation.marks)?.marks ?? []).map(mark => ({...mark, color: annotation.color})));
  }

  // Where a link of the dashboard leads from here; point: what Grafana fills in at a point.
  address(url, point = {}) {
    const time = this.model.time;
    const variables = Object.entries(this.choice).flatMap(([name, value]) =>
      [value].flat().map(item => `var-${encodeURIComponent(name)}=${encodeURIComponent(item)}`));
    const known = {__url_time_range: `from=${time.start}&to=${time.end}`,
      __all_variables: variables.join("&"), __from: time.start, __to: time.end, ...point};
    const filled = url.replace(/\$\{([\w.]+)(?::\w+)?\}|\$(\w+)/g, (whole, braced, bare) => {
      const name = braced ?? bare;
      const value = known[name] ?? this.choice[name];
      if (value === undefined) return whole;
      return name.startsWith("__url") || name === "__all_variables" ? value
        : encodeURIComponent([value].flat().join(","));
    });
    // A comparison has only the dashboards that differ.
    const dashboard = /^\/d\/([^/?]+)[^?]*(\?.*)?$/.exec(filled);
    if (!dashboard) return harmless(filled);
    if (PAGE.served) return filled;
    return PAGE.index ? `${dashboard[1]}.html${dashboard[2] ?? ""}` : "#";
  }

  utc(local) {
    const offsets = this.model.time.offsets;
    const last = offsets.filter(([from]) => from <= local).at(-1) ?? offsets[0];
    return local - last[1];
  }

  zoom(range, from) {
    this.range = PAGE.served ? undefined : range;
    if (PAGE.served) {
      if (range) go({from: this.utc(range[0]), to: this.utc(range[1])});
      else go({from: null, to: null});
      return;
    }
    for (const plot of this.plots) if (plot !== from) plot.show(range);
  }
}

class Plot {
  constructor(dashboard, div, drawn, id) {
    Object.assign(this, {dashboard, div, drawn, id, drawnOnce: false, range: dashboard.range});
    const names = dashboard.off.get(id) ?? [];
    this.hidden = new Set(drawn.legend.entries.filter(entry => names.includes(entry.name)));
  }

  // Plotly listens to the window as long as a plot is not given back.
  leave() {
    if (this.drawnOnce) Plotly.purge(this.div);
  }

  appear() {
    if (this.drawnOnce) return;
    this.drawnOnce = true;
    Plotly.newPlot(this.div, this.drawn.traces, this.layout(),
      {displayModeBar: false, responsive: true, doubleClick: false, showTips: false, showAxisDragHandles: false});
    // A second click within this time is a double click, which zooms out.
    let waiting;
    this.div.on("plotly_click", event => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.menu(event), 300);
    });
    this.div.on("plotly_relayout", event => this.zoomed(event));
    this.div.on("plotly_doubleclick", () => {
      clearTimeout(waiting);
      this.show(undefined);
      this.dashboard.zoom(undefined, this);
    });
    this.hide();
  }

  layout() {
    const base = this.drawn.layout;
    const axis = this.range ? {...base.xaxis, range: this.range} : {...base.xaxis};
    if (axis.type === "date") axis.nticks = Math.max(2, Math.floor(this.div.clientWidth / 60));
    const layout = {...base, xaxis: axis, autosize: true};
    if (!this.drawn.marked) return layout;
    const marks = this.dashboard.marks();
    layout.shapes = [...(base.shapes ?? []), ...marks.flatMap(shapes)];
    layout.annotations = marks.map(mark => ({x: mark.start, y: 0, yref: "paper", text: "▲",
      showarrow: false, yanchor: "middle", font: {color: mark.color, size: 9},
      hovertext: mark.text.replaceAll(", ", "<br>"), captureevents: true}));
    return layout;
  }

  mark() {
    if (this.drawnOnce) Plotly.react(this.div, this.div.data, this.layout());
  }

  show(range) {
    this.range = range;
    if (this.drawnOnce && this.drawn.layout.xaxis.type === "date") this.mark();
  }

  zoomed(event) {
    if (event["xaxis.range[0]"] === undefined || this.drawn.layout.xaxis.type !== "date") return;
    const range = [0, 1].map(n => Date.parse(
      String(event[`xaxis.range[${n}]`]).replace(" ", "T") + "Z"));
    this.range = range;
    this.dashboard.zoom(range, this);
  }

  legend() {
    const legend = this.drawn.legend;
    if (!legend.form || !legend.entries.length) return null;
    this.entries = legend.entries.map(entry => {
      const swatch = el("span", {className: "swatch", style: `background: ${entry.color}`});
      const click = {onclick: event => this.isolate(entry, event.ctrlKey || event.metaKey)};
      if (legend.form === "table")
        return [entry, el("tr", click, el("td", {}, swatch, ` ${entry.name}`),
          ...entry.values.map(value => el("td", {className: "right", textContent: value})))];
      const values = entry.values.map((value, n) => `${legend.calcs[n]}: ${value}`);
      return [entry, el("span", {className: "entry", ...click}, swatch,
        [entry.name, ...values].join("\u2002"))];
    });
    const rows = this.entries.map(([, row]) => row);
    const inner = legend.form !== "table" ? rows : [el("table", {},
      el("tr", {}, el("th"), ...legend.calcs.map(calc =>
        el("th", {className: "right", textContent: calc}))), ...rows)];
    return el("div", {className: "legend"}, ...inner);
  }

  // A click leaves one alone, or brings all back; with Ctrl it takes one away or back.
  isolate(entry, toggles) {
    if (!entry.traces.length) return;
    const others = this.entries.map(([other]) => other).filter(other => other !== entry);
    if (toggles) this.hidden.has(entry) ? this.hidden.delete(entry) : this.hidden.add(entry);
    else {
      const alone = !this.hidden.has(entry) && others.every(other => this.hidden.has(other));
      this.hidden = new Set(alone ? [] : others);
    }
    this.dashboard.off.set(this.id, [...this.hidden].map(other => other.name));
    this.hide();
  }

  hide() {
    if (!this.entries) return;
    for (const [entry, row] of this.entries) {
      row.classList.toggle("off", this.hidden.has(entry));
      if (this.drawnOnce && entry.traces.length && this.entries.length > 1)
        Plotly.restyle(this.div, {visible: !this.hidden.has(entry)}, entry.traces);
    }
  }

  menu(event) {
    const point = nearest(event);
    if (!point || !this.drawn.data_links?.length || this.drawn.layout.xaxis.type !== "date") return;
    const at = typeof point.x === "number" ? point.x
      : Date.parse(String(point.x).replace(" ", "T") + "Z");
    const values = {"__value.time": this.dashboard.utc(at), "__value.raw": point.y,
      "__field.name": point.data.name, "__series.name": point.data.name};
    const list = this.drawn.data_links.map(link => el("a", {textContent: link.title,
      target: link.blank ? "_blank" : "", href: this.dashboard.address(link.url, values)}));
    document.querySelector(".menu")?.remove();
    const menu = el("div", {className: "menu",
      style: `left: ${Math.min(event.event.clientX, innerWidth - 240)}px;`
        + ` top: ${Math.min(event.event.clientY, innerHeight - 120)}px`},
      el("span", {className: "note", textContent: point.data.name}), ...list);
    document.body.append(menu);
    setTimeout(() => document.addEventListener("click", () => menu.remove(), {once: true}));
  }
}

// Of all lines at a moment, the one that was clicked at.
function nearest(event) {
  const away = point => {
    const top = event.event.target.closest(".plot").getBoundingClientRect().top;
    return Math.abs(top + point.yaxis._offset + point.yaxis.l2p(point.y) - event.event.clientY);
  };
  const lines = event.points.filter(point => typeof point.y === "number" && point.yaxis?.l2p);
  if (!lines.length) return event.points[0];
  return lines.reduce((best, point) => (away(point) < away(best) ? point : best));
}

function shapes(mark) {
  const edge = x => ({type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper",
    line: {color: mark.color, width: 1.5, dash: "dash"}});
  if (mark.end === null || mark.end === mark.start) return [edge(mark.start)];
  const area = {type: "rect", x0: mark.start, x1: mark.end, yref: "paper", line: {width: 0},
    fillcolor: mark.color};
  return [edge(mark.start), edge(mark.end), {...area, y0: 0, y1: 1, opacity: 0.12},
    {...area, ysizemode: "pixel", yanchor: 0, y0: 0, y1: -4}];
}

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
