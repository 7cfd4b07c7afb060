"use strict";
// The gallery. Pictures lie in `script` elements as text and are decoded when they come near the screen: a photograph, and one grey
// sprite of all maps, which an SVG filter colours. Nothing is fetched.
(() => {
  const $ = (id) => document.getElementById(id);

  // ---- What is wider than the page scrolls, and can be scrolled by keys: a tab stop only while it is needed
  const wide = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scrolls = target.scrollWidth > target.clientWidth + 1;
      const name = target.querySelector("caption, title")?.textContent.trim() ?? "Table";
      for (const [attribute, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", `${name}, scrolls sideways`]]) {
        if (scrolls) target.setAttribute(attribute, value); else target.removeAttribute(attribute);
      }
    }
  });
  document.querySelectorAll(".scroll, .panel, .legend").forEach((box) => wide.observe(box));
  if (!$("data")) return;

  const data = JSON.parse($("data").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const values = new Float32Array(bytes(data.values).buffer);
  const [S, M] = [data.series.length, data.metrics.length];
  const images = data.images.map(([name, shown, target, label, predicted, width, height, lacking], index) =>
    ({ index, name, shown, target, label, predicted, width, height, lacking, known: label !== null && predicted !== null, loaded: null }));
  const short = (name) => name.split("/").pop();
  const number = (value) => Number.isInteger(value) ? String(value) : Number.isFinite(value) ? (Math.abs(value) >= 1000 ? value.toFixed(0) : Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(3)) : "no number";
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const vector = (tag, attributes = {}, ...children) => {
    const element = document.createElementNS($("filters").namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  // ---- Scores
  const score = (image, metric, series) => values[(image.index * M + metric) * S + series];
  const scores = (image, metric) => data.series.map((_, series) => score(image, metric, series));
  const sign = (metric) => data.metrics[metric][1] ? 1 : -1;
  /** The place of a method among all of the image, equal ones sharing the best. */
  const rank = (image, metric, series) => {
    const all = scores(image, metric).filter(Number.isFinite);
    const own = score(image, metric, series);
    return Number.isFinite(own) ? [1 + all.filter((other) => sign(metric) * other > sign(metric) * own).length, all.length] : null;
  };
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const spread = (list) => { const middle = mean(list); return Math.sqrt(mean(list.map((value) => (value - middle) ** 2))); };

  // ---- What is seen
  const state = { a: 0, b: -1, metric: 0, sort: "chosen", class: "", right: "", colours: "inferno", o: 60, t: 100, x: 50, alone: false, p: -1 };
  const controls = { a: $("method-a"), b: $("method-b"), metric: $("metric"), sort: $("sort"), class: $("class"), right: $("right"), colours: $("colours"), o: $("opacity"), t: $("share"), x: $("split") };
  const grid = $("grid");

  // ---- Colours
  const made = new Map();
  /** The address of a filter: the colours of a table, and nothing below a grey. */
  const filter = (table, from) => {
    const key = `f-${table}-${from}`;
    if (!made.has(key)) {
      const [r, g, b] = data.palettes[table];
      const tables = vector("feComponentTransfer", { in: "SourceGraphic", result: "colour" },
        vector("feFuncR", { type: "table", tableValues: r }), vector("feFuncG", { type: "table", tableValues: g }), vector("feFuncB", { type: "table", tableValues: b }));
      const parts = [tables];
      if (from > 0) {
        const steps = Array.from({ length: 256 }, (_, grey) => (grey >= from ? 1 : 0)).join(" ");
        parts.push(vector("feColorMatrix", { in: "SourceGraphic", type: "matrix", values: "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0", result: "grey" }),
          vector("feComponentTransfer", { in: "grey", result: "mask" }, vector("feFuncA", { type: "discrete", tableValues: steps })),
          vector("feComposite", { in: "colour", in2: "mask", operator: "in" }));
      }
      $("filters").append(vector("filter", { id: key, x: 0, y: 0, width: 1, height: 1, "color-interpolation-filters": "sRGB" }, ...parts));
      made.set(key, `url(#${key})`);
    }
    return made.get(key);
  };
  const about = (image, series) => image.loaded.about.subarray(series * 20, series * 20 + 20);
  const paint = (layer, image, series) => {
    const [kind, ...from] = series < 0 ? [0] : about(image, series);
    layer.style.visibility = kind === 0 ? "hidden" : "visible";
    if (kind === 0) return;
    const [column, row] = [series % data.columns, Math.floor(series / data.columns)];
    layer.style.backgroundPosition = `${data.columns > 1 ? (100 * column) / (data.columns - 1) : 0}% ${data.rows > 1 ? (100 * row) / (data.rows - 1) : 0}%`;
    layer.style.backgroundSize = `${100 * data.columns}% ${100 * data.rows}%`;
    layer.style.filter = filter(kind === 2 ? "coolwarm" : state.colours, state.t < 100 ? Math.max(1, from[state.t / 5 - 1]) : 0);
  };

  // ---- Pictures
  const load = (image) => {
    if (!image.loaded) {
      const [photo, sprite, description, curves] = $(`i${image.index}`).textContent.split("|");
      image.loaded = { photo: `data:image/jpeg;base64,${photo}`, sprite: `data:image/jpeg;base64,${sprite}`, about: bytes(description), curves };
    }
    return image.loaded;
  };
  const picture = (image, alt) => {
    const frame = make("span", { class: "picture", style: `aspect-ratio:${image.width}/${image.height}` });
    frame.append(make("img", { alt }), make("span", { class: "map a" }), make("span", { class: "map b" }));
    return frame;
  };
  /** Shows one method, or two beside each other. */
  const show = (frame, image, a, b) => {
    const { photo, sprite } = load(image);
    const [img, first, second] = frame.children;
    if (img.src !== photo) { img.src = photo; frame.style.setProperty("--sprite", `url("${sprite}")`); }
    frame.classList.toggle("two", a >= 0 && b >= 0);
    frame.classList.toggle("no-photo", state.alone && a >= 0);
    paint(first, image, a);
    paint(second, image, b);
  };

  // ---- Words
  const of = (image, series) => {
    if (M === 0 || series < 0) return "";
    const place = rank(image, state.metric, series);
    return `${data.metrics[state.metric][0]} ${number(score(image, state.metric, series))}${place ? `, rank ${place[0]} of ${place[1]}` : ""}`;
  };
  const recognised = (image) => (image.known ? (image.label === image.predicted ? ", recognised" : ", not recognised") : "");
  const alt = (image, series) => `${image.shown}${recognised(image)}${series < 0 ? "" : `, ${data.series[series][0]}`}${series >= 0 && M ? `: ${of(image, series)}` : ""}`;
  const one = (image, series) => {
    const place = rank(image, state.metric, series);
    return `${number(score(image, state.metric, series))}${place ? `, rank ${place[0]} of ${place[1]}` : ""}`;
  };
  const brief = (image) => {
    if (M === 0) return short(image.name);
    return state.a < 0 ? short(image.name) : state.b < 0 ? one(image, state.a) : [state.a, state.b].map((series) => number(score(image, state.metric, series))).join(" | ");
  };

  // ---- The grid: one tab stop, arrows within
  const cards = images.map((image) => {
    const card = make("button", { type: "button", class: "card", tabindex: "-1", "aria-haspopup": "dialog" });
    const [frame, first, second] = [picture(image, ""), make("span", { class: "words" }), make("span", { class: "words" })];
    first.textContent = image.shown;
    first.classList.toggle("wrong", image.known && image.label !== image.predicted);
    card.append(frame, first, " ", second);
    const item = make("li", {}, card);
    return Object.assign(image, { card, frame, item, second });
  });
  let order = cards;
  let current = null;
  const near = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const image = images[target.dataset.index];
      if (isIntersecting) { near.add(image); show(image.frame, image, state.a, state.b); } else { near.delete(image); }
    }
  }, { rootMargin: "400px" });
  cards.forEach((image) => {
    image.item.dataset.index = image.index;
    image.card.addEventListener("click", () => open(image));
    image.card.addEventListener("focus", () => point(image));
  });
  const point = (image) => {
    if (current) current.card.tabIndex = -1;
    current = image;
    if (image) image.card.tabIndex = 0;
  };
  const columns = () => { const top = order[0]?.item.offsetTop; const next = order.findIndex((image) => image.item.offsetTop !== top); return next < 0 ? order.length : next; };
  const step = (from, by) => order[Math.min(order.length - 1, Math.max(0, order.indexOf(from) + by))];
  const go = (image) => { if (image) { point(image); image.card.focus(); image.card.scrollIntoView({ block: "nearest" }); } };
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !current) return;
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns(), j: 1, k: -1, Home: -order.length, End: order.length };
    if (Object.hasOwn(moves, event.key)) { event.preventDefault(); go(step(current, moves[event.key])); }
  });

  // ---- Sorting and choosing
  const keys = {
    chosen: (image) => image.index,
    name: null,
    best: (image) => -sign(state.metric) * level(image),
    worst: (image) => sign(state.metric) * level(image),
    spread: (image) => -spread(scores(image, state.metric).filter(Number.isFinite)),
    difference: (image) => -sign(state.metric) * (score(image, state.metric, state.a) - score(image, state.metric, state.b)),
  };
  const level = (image) => (state.a >= 0 ? score(image, state.metric, state.a) : mean(scores(image, state.metric).filter(Number.isFinite)));
  const matches = (image) =>
    !image.lacking.includes(state.a) && !image.lacking.includes(state.b) &&
    (state.class === "" || image.shown === state.class) &&
    (state.right === "" || (image.known && Number(image.label === image.predicted) === Number(state.right)));
  const arrange = () => {
    const kept = cards.filter(matches);
    if (state.sort === "name") kept.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.index - b.index));
    else {
      // What has no number stands last.
      const key = new Map(kept.map((image) => { const value = keys[state.sort](image); return [image, Number.isFinite(value) ? value : Infinity]; }));
      kept.sort((a, b) => (key.get(a) === key.get(b) ? a.index - b.index : key.get(a) - key.get(b)));
    }
    order = kept;
    grid.replaceChildren(...order.map((image) => image.item));
    const focused = current && order.includes(current) ? current : order[0];
    point(focused ?? null);
    $("status").textContent = `${order.length} of ${images.length} images shown here`;
  };
  /** A card is called what is written on it, and then what it shows: who speaks to the page says what is to be seen. */
  const called = (image) => {
    const by = M && state.a >= 0 ? ` by ${data.metrics[state.metric][0]}` : "";
    const shows = [state.a, state.b].filter((series) => series >= 0).map((series) => data.series[series][0]).join(" against ");
    return `${image.shown} ${brief(image)}${by}${shows ? `, ${shows}` : ""}${recognised(image)}`;
  };
  const words = () => cards.forEach((image) => {
    image.second.textContent = brief(image);
    image.card.setAttribute("aria-label", called(image));
  });
  const refresh = () => near.forEach((image) => show(image.frame, image, state.a, state.b));

  // ---- The address says what is seen
  const write = () => {
    const said = new URLSearchParams();
    const name = (series) => data.series[series]?.[0] + (data.series.filter(([other]) => other === data.series[series]?.[0]).length > 1 ? ` (${data.series[series][2]})` : "");
    if (state.p >= 0) said.set("p", state.p);
    if (state.a !== 0 || state.b >= 0) said.set("m", [state.a, state.b].filter((series, at) => at === 0 || series >= 0).map((series) => (series < 0 ? "-" : name(series))).join(" | "));
    if (state.metric !== 0) said.set("metric", data.metrics[state.metric][0]);
    if (state.sort !== "chosen") said.set("sort", state.sort);
    if (state.class !== "") said.set("class", state.class);
    if (state.right !== "") said.set("right", state.right);
    if (state.colours !== "inferno") said.set("c", state.colours);
    if (state.o !== 60) said.set("o", state.o);
    if (state.t !== 100) said.set("t", state.t);
    if (state.x !== 50) said.set("x", state.x);
    if (state.alone) said.set("alone", 1);
    const text = said.toString();
    if (text || location.hash.includes("=")) history.replaceState(null, "", `#${text}`);
  };
  const read = () => {
    const said = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    const series = (name) => data.series.findIndex(([other, , model]) => other === name || `${other} (${model})` === name);
    const within = (text, low, high, usual) => { const value = Number(text); return text !== null && text !== "" && Number.isFinite(value) ? Math.min(high, Math.max(low, Math.round(value))) : usual; };
    const [a, b] = (said.get("m") ?? data.series[0][0]).split(" | ");
    state.a = a === "-" ? -1 : Math.max(0, series(a));
    state.b = b === undefined ? -1 : series(b);
    state.metric = Math.max(0, data.metrics.findIndex(([name]) => name === said.get("metric")));
    state.sort = Object.hasOwn(keys, said.get("sort") ?? "") ? said.get("sort") : "chosen";
    if (M === 0 && state.sort !== "name") state.sort = "chosen";
    state.class = images.some((image) => image.shown === said.get("class")) ? said.get("class") : "";
    state.right = ["0", "1"].includes(said.get("right")) ? said.get("right") : "";
    state.colours = Object.hasOwn(data.palettes, said.get("c") ?? "") ? said.get("c") : "inferno";
    state.o = within(said.get("o"), 0, 100, 60);
    state.t = 5 * Math.round(within(said.get("t"), 5, 100, 100) / 5);
    state.x = within(said.get("x"), 0, 100, 50);
    state.alone = said.get("alone") === "1";
    state.p = within(said.get("p"), 0, images.length - 1, -1);
  };

  // ---- The open image
  const view = $("view");
  const line = (series) => ({ stroke: data.lines[series][0], "stroke-dasharray": data.lines[series][1] });
  const open = (image) => {
    state.p = image.index;
    point(image);
    fill(image);
    if (!view.open) view.showModal();
    view.scrollTop = 0;
    $("view-title").focus({ preventScroll: true });
    write();
  };
  const fill = (image) => {
    load(image);
    $("view-title").textContent = image.shown;
    const truth = image.known ? (image.label === image.predicted ? " Recognised." : ` Not recognised: the classifier says ${image.predicted}, the truth is ${image.label}.`) : "";
    $("view-about").textContent = `${image.name}. ${image.target === null ? "" : `Explained class ${image.target}.`}${truth}`;
    const frame = picture(image, alt(image, state.a));
    $("large").replaceChildren(frame);
    show(frame, image, state.a, state.b);
    $("view-split-label").hidden = state.b < 0;
    $("methods-title").textContent = M ? `All methods, by ${data.metrics[state.metric][0]}` : "All methods";
    $("methods").replaceChildren(...data.series.map(([name], series) => method(image, name, series)));
    table(image);
    draw(image);
  };
  const method = (image, name, series) => {
    const frame = picture(image, about(image, series)[0] ? alt(image, series) : `${name}: no map`);
    show(frame, image, series, -1);
    const key = make("span", { class: "key", "aria-hidden": "true", style: `border-color:${data.lines[series][0]}` });
    const caption = make("span", { class: "words" }, key, name);
    const under = make("span", { class: "words" }, about(image, series)[0] ? (M ? one(image, series) : "") : "no map");
    return make("li", {}, frame, caption, under);
  };
  const table = (image) => {
    const shown = data.series.map(([name]) => make("th", { scope: "col" }, name));
    const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Metric"), ...shown));
    const rows = data.metrics.map(([name, higher], metric) => {
      const cells = data.series.map((_, series) => {
        const place = rank(image, metric, series);
        return make("td", place?.[0] === 1 ? { class: "first" } : {}, number(score(image, metric, series)));
      });
      return make("tr", {}, make("th", { scope: "row" }, `${name} ${higher ? "↑" : "↓"}`), ...cells);
    });
    $("scores").replaceChildren(make("caption", { class: "out" }, `Scores of ${image.shown}`), head, make("tbody", {}, ...rows));
  };
  /** The curves of an image by test and method: fractions and heights. */
  const curves = (image) => {
    const raw = new Uint16Array(bytes(image.loaded.curves).buffer);
    const [low, high] = data.range;
    let at = 0;
    return data.tests.map(() => data.series.map(() => {
      const fractions = data.fractions[raw[at++]];
      if (!fractions) return null;
      const heights = Array.from(raw.subarray(at, at += fractions.length), (value) => low + (value / 65534) * (high - low));
      return fractions.map((fraction, place) => [fraction, heights[place]]);
    }));
  };
  const draw = (image) => {
    $("curves-of").hidden = data.tests.length === 0;
    if (data.tests.length === 0) return;
    const test = Math.max(0, $("test").selectedIndex);
    const lines = curves(image)[test];
    const [left, bottom, width, height] = [34, 190, 440, 180];
    const [low, high] = data.range;
    const x = (value) => left + value * width;
    const y = (value) => bottom - ((value - low) / (high - low)) * height;
    const ends = data.series.map(([name], series) => (lines[series] ? `${name} ${lines[series].at(0)[1].toFixed(2)} to ${lines[series].at(-1)[1].toFixed(2)}` : ""));
    const plot = vector("svg", { viewBox: "0 0 490 222", role: "img", "aria-label": `Probability along ${data.tests[test]}: ${ends.filter(Boolean).join(", ")}` });
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      const value = low + share * (high - low);
      plot.append(vector("line", { x1: left, x2: left + width, y1: y(value), y2: y(value), stroke: "var(--grid)" }),
        vector("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(2)),
        vector("text", { x: x(share), y: bottom + 16, "text-anchor": "middle" }, share.toFixed(2)));
    }
    plot.append(vector("text", { x: left + width / 2, y: bottom + 30, "text-anchor": "middle" }, "fraction"));
    lines.forEach((points, series) => {
      if (!points) return;
      const d = points.map(([fraction, probability], at) => `${at ? "L" : "M"}${x(fraction).toFixed(1)} ${y(probability).toFixed(1)}`).join("");
      const chosen = series === state.a || series === state.b;
      plot.append(vector("path", { d, fill: "none", "stroke-width": chosen ? 2.6 : 1.2, opacity: chosen || state.a < 0 ? 1 : 0.55, ...line(series) }));
    });
    $("plot").replaceChildren(plot);
  };
  view.addEventListener("close", () => {
    const image = images[state.p];
    state.p = -1;
    write();
    go(image && order.includes(image) ? image : order[0]);
  });
  const turn = (by) => { const next = step(images[state.p], by); if (next) open(next); };
  $("next").addEventListener("click", () => turn(1));
  $("previous").addEventListener("click", () => turn(-1));
  $("close").addEventListener("click", () => view.close());
  $("test").addEventListener("change", () => draw(images[state.p]));
  view.addEventListener("keydown", (event) => {
    if (event.target.matches("select, input") || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { j: 1, k: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) { event.preventDefault(); turn(by); }
  });

  // ---- Keys
  const help = $("help");
  let before = null;
  const explain = () => { if (help.open) return; before = document.activeElement; help.showModal(); $("help-title").focus(); };
  help.addEventListener("close", () => before?.focus());
  $("help-close").addEventListener("click", () => help.close());
  $("keys").addEventListener("click", explain);
  document.addEventListener("keydown", (event) => { if (event.key === "?" && !event.target.matches("select")) { event.preventDefault(); explain(); } });

  // ---- Controls
  const option = (value, text) => make("option", { value }, text);
  const options = (select, list) => select.replaceChildren(...list.map(([value, text]) => option(value, text)));
  const methods = data.series.map(([name], series) => [series, name]);
  options(controls.a, [...methods, [-1, "photograph only"]]);
  options(controls.b, [[-1, "nothing"], ...methods]);
  options(controls.metric, data.metrics.map(([name], metric) => [metric, name]));
  options(controls.sort, [["chosen", "as chosen"], ["name", "by name"], ...(M ? [["best", "best first"], ["worst", "worst first"], ["spread", "where methods disagree most"], ["difference", "method less the other"]] : [])]);
  options(controls.class, [["", "all"], ...[...new Set(images.map((image) => image.shown))].sort().map((name) => [name, name])]);
  options(controls.colours, [["inferno", "Inferno"], ["viridis", "Viridis"], ["grey", "Grey"]]);
  options($("test"), data.tests.map((name, test) => [test, name]));
  controls.metric.parentElement.hidden = M === 0;
  $("right-label").hidden = !images.some((image) => image.known);
  const settings = () => {
    grid.style.setProperty("--split", `${state.x}%`);
    view.style.setProperty("--split", `${state.x}%`);
    document.documentElement.style.setProperty("--o", state.o / 100);
    $("opacity-out").textContent = `${state.o} %`;
    $("share-out").textContent = `${state.t} %`;
    $("split-out").textContent = $("view-split-out").textContent = `${state.x} %`;
    $("split-label").hidden = state.b < 0;
    $("view-split").value = state.x;
    for (const [name, control] of Object.entries(controls)) control.value = state[name];
    $("alone").checked = state.alone;
  };
  const all = () => { settings(); arrange(); words(); refresh(); };
  const numeric = new Set(["a", "b", "metric", "o", "t", "x"]);
  for (const [name, control] of Object.entries(controls)) {
    control.addEventListener(control.type === "range" ? "input" : "change", () => {
      state[name] = numeric.has(name) ? Number(control.value) : control.value;
      settings();
      if (["metric", "sort", "class", "right", "a", "b"].includes(name)) arrange();
      if (["a", "b", "metric"].includes(name)) words();
      if (["a", "b", "t", "colours"].includes(name)) refresh();
      write();
    });
  }
  $("alone").addEventListener("change", () => { state.alone = $("alone").checked; refresh(); write(); });
  $("view-split").addEventListener("input", () => { state.x = Number($("view-split").value); settings(); write(); });
  window.addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return;
    read();
    all();
    if (state.p >= 0) open(images[state.p]);
  });

  // ---- Start
  if (images.length === 0) { $("status").textContent = "No image is shown."; return; }
  read();
  $("tools").hidden = false;
  all();
  cards.forEach((image) => watch.observe(image.item));
  if (state.p >= 0) open(images[state.p]);
})();
