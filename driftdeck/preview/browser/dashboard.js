// A dashboard as draw.py drew it: for every choice of the variables (a file), or for the one that the
// address asks for (served).
class Dashboard {
  constructor(root, model, touched = []) {
    this.root = root;
    this.touched = new Set(touched);
    this.plots = [];
    this.folded = new Map();
    this.off = new Map();
    this.take(model);
    if (!PAGE.served) this.choices.readAddress();
    this.draw();
  }

  take(model) {
    const shown = this.shown || {};
    this.model = model;
    this.choices = new Choices(model);
    this.shown = Object.fromEntries(
      model.annotations.map(annotation => [annotation.name, shown[annotation.name] ?? annotation.enable]));
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
      titleBar(this), controlBar(this),
      left ? el("p", {className: "note", textContent:
        `${left} drawings of further choices are left out: there are too many.`}) : "",
      ...this.model.sections.flatMap(section => this.section(section, single)));
  }

  section(section, single) {
    const grid = el("div", {className: "grid"});
    const top = Math.min(...section.panels.map(panel => panel.place.y));
    grid.append(...section.panels.map(panel => this.panel(panel, top, single)));
    if (section.title === null) return [grid];
    const title = this.choices.of(section.title)?.title ?? "";
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
    const drawn = this.choices.of(panel.drawn)
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
      (this.choices.of(annotation.marks)?.marks ?? []).map(mark => ({...mark, color: annotation.color})));
  }

  // Where a link of the dashboard leads from here; point: what Grafana fills in at a point.
  address(url, point = {}) {
    const time = this.model.time;
    const variables = Object.entries(this.choices.values).flatMap(([name, value]) =>
      [value].flat().map(item => `var-${encodeURIComponent(name)}=${encodeURIComponent(item)}`));
    const known = {__url_time_range: `from=${time.start}&to=${time.end}`,
      __all_variables: variables.join("&"), __from: time.start, __to: time.end, ...point};
    const filled = url.replace(/\$\{([\w.]+)(?::\w+)?\}|\$(\w+)/g, (whole, braced, bare) => {
      const name = braced ?? bare;
      const value = known[name] ?? this.choices.values[name];
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
