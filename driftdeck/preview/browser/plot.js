// One plot: Plotly, its legend, the marks of annotations and the links of its points.

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
