"use strict";
(() => {
  const holder = document.getElementById("data");
  const ready = (later) => requestAnimationFrame(() => setTimeout(() => {
    performance.mark("ready");
    document.documentElement.dataset.ready = "yes";
    if (later) setTimeout(later, 50);
  }));
  if (!holder) { ready(); return; }
  const data = JSON.parse(holder.textContent);
  const FLAKY = 1, NEW = 2, KNOWN = 4, QUARANTINED = 8;
  const GOOD = new Set(["passed", "skipped", "expected-failure", "unexpected-pass"]);
  const find = (id) => document.getElementById(id);
  const grid = find("grid"), space = find("space"), rows = find("rows"), heads = find("heads"), detail = find("detail");
  const total = data.n.length;
  const good = data.outcomes.map((word) => GOOD.has(word));
  // what is searched: made once, after the page is there, so that each key stroke only looks
  let texts = null;
  const searched = () => texts ??= data.n.map((name, at) => {
    const failure = data.x[at];
    return (data.modules[data.m[at]] + (name ? "::" + name : "") + (failure ? "\n" + failure[0] : "")).toLowerCase();
  });
  const outcomeRank = data.outcomes.map((word, at) => (good[at] ? 100 : 0) + at);
  const compare = {
    o: (a, b) => outcomeRank[data.o[a]] - outcomeRank[data.o[b]],
    n: (a, b) => data.m[a] - data.m[b] || (data.n[a] < data.n[b] ? -1 : data.n[a] > data.n[b] ? 1 : 0),
    c: (a, b) => data.c[a] - data.c[b],
    d: (a, b) => data.d[b] - data.d[a],
  };
  const everything = Array.from(data.n.keys());
  let order = everything, shown = everything, key = "", up = true, at = -1, first = -1, height = 32;

  const option = (select, words) => {
    const part = document.createDocumentFragment();
    words.forEach((word, number) => {
      if (word) part.append(new Option(word, number));
    });
    select.append(part);
  };
  const time = (ms) => (ms < 1000 ? ms + " ms" : ms < 90000 ? (ms / 1000).toFixed(2) + " s" : (ms / 60000).toFixed(1) + " min");
  const span = (text, kind) => {
    const made = document.createElement("span");
    made.setAttribute("role", "gridcell");
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const flags = (number) => {
    const bits = data.f[number];
    return (bits & FLAKY ? " flaky" : "") + (bits & NEW ? " new" : "") + (bits & QUARANTINED ? " quarantine" : "");
  };
  const makeRow = (place) => {
    const number = shown[place], row = document.createElement("div"), bad = !good[data.o[number]];
    row.className = place === at ? "row at" : "row";
    row.id = "row-" + place;
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", place + 2);
    row.dataset.place = place;
    const module = data.modules[data.m[number]], name = span(data.n[number] || module);
    if (data.n[number]) {
      const small = document.createElement("small");
      small.textContent = module;
      name.append(small);
    }
    name.title = module + (data.n[number] ? "::" + data.n[number] : "");
    const word = data.outcomes[data.o[number]];
    const kind = bad ? "state bad" : data.f[number] & FLAKY || word !== "passed" ? "state open" : "state good";
    row.append(span(word + flags(number), kind), name, span(data.categories[data.c[number]]), span(time(data.d[number]), "time"));
    return row;
  };
  const paint = (force) => {
    const top = Math.max(0, Math.floor(grid.scrollTop / height) - 15);
    if (!force && Math.abs(top - first) < 8) return;
    first = top;
    const part = document.createDocumentFragment();
    const end = Math.min(shown.length, top + Math.min(80, Math.ceil(grid.clientHeight / height) + 30));
    for (let place = top; place < end; place++) part.append(makeRow(place));
    rows.replaceChildren(part);
    rows.style.transform = "translateY(" + top * height + "px)";
  };
  const words = find("words"), outcome = find("outcome"), module = find("module"), category = find("category");
  const onlyFlaky = find("flaky"), onlyNew = find("new"), count = find("count");
  const filter = () => {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const o = outcome.value, m = module.value, c = category.value;
    const hay = asked.length ? searched() : null;
    const bits = (onlyFlaky.checked ? FLAKY : 0) | (onlyNew.checked ? NEW : 0);
    shown = order.filter((number) =>
      (!bits || (data.f[number] & bits) === bits) &&
      (o === "" || (o === "-1" ? !good[data.o[number]] : data.o[number] === +o)) &&
      (m === "" || data.m[number] === +m) && (c === "" || data.c[number] === +c) &&
      asked.every((word) => hay[number].includes(word)));
    at = -1;
    grid.removeAttribute("aria-activedescendant");
    show();
    grid.scrollTop = 0;
    paint(true);
  };
  const show = () => {
    count.textContent = shown.length.toLocaleString("en") + " of " + total.toLocaleString("en") + " tests";
    space.style.height = shown.length * height + "px";
    grid.setAttribute("aria-rowcount", shown.length + 1);
  };
  const sort = (button) => {
    const wanted = button.dataset.sort;
    up = wanted === key ? !up : true;
    key = wanted;
    order = everything.slice().sort(compare[key]);
    if (!up) order.reverse();
    heads.querySelectorAll("[role=columnheader]").forEach((head) => head.removeAttribute("aria-sort"));
    button.parentNode.setAttribute("aria-sort", up === (key !== "d") ? "ascending" : "descending");
    filter();
  };
  const line = (label, text, tag) => {
    const made = document.createElement("p"), value = document.createElement(tag || "span");
    made.textContent = label + " ";
    value.textContent = text;
    made.append(value);
    return made;
  };
  const open = (place) => {
    const number = shown[place];
    if (number === undefined) return;
    select(place);
    const failure = data.x[number], name = data.n[number], node = data.modules[data.m[number]] + (name ? "::" + name : "");
    const title = document.createElement("h3");
    title.textContent = node;
    const facts = [data.outcomes[data.o[number]] + flags(number), data.categories[data.c[number]], time(data.d[number])];
    if (data.a[number]) facts.push(data.a[number] + " attempts");
    detail.replaceChildren(title, line("", facts.filter(Boolean).join(" · ")));
    const quoted = /^[\w./:\[\]-]+$/.test(node) && !node.includes("[") ? node : "'" + node.replaceAll("'", "'\\''") + "'";
    detail.append(line("again:", "canonry run " + quoted, "code"));
    if (!failure) return;
    const [reason, path, at, text, since, runs] = failure;
    if (data.f[number] & KNOWN) detail.append(line("known:", "fails since " + new Date(since * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC, " + runs + " runs in a row"));
    detail.append(line("at", path + (at ? ":" + at : ""), "code"), line("", reason));
    if (data.texts[text]) {
      const report = document.createElement("pre");
      report.textContent = data.texts[text];
      detail.append(report);
    }
  };
  const select = (place) => {
    if (!shown.length) return;
    at = Math.max(0, Math.min(shown.length - 1, place));
    const top = at * height, room = grid.clientHeight - heads.offsetHeight;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + height > grid.scrollTop + room) grid.scrollTop = top + height - room;
    paint(true);
    grid.setAttribute("aria-activedescendant", "row-" + at);
  };
  const measure = () => {
    height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 32;
    show();
    paint(true);
  };
  option(outcome, data.outcomes);
  option(module, data.modules);
  option(category, data.categories);
  find("filters").addEventListener("submit", (event) => event.preventDefault());
  [words, outcome, module, category, onlyFlaky, onlyNew].forEach((each) => each.addEventListener("input", filter));
  heads.addEventListener("click", (event) => { if (event.target.dataset.sort) sort(event.target); });
  grid.addEventListener("scroll", () => paint(false), { passive: true });
  rows.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) { open(+row.dataset.place); detail.scrollIntoView({ block: "nearest" }); }
  });
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid) return;
    const page = Math.max(1, Math.floor(grid.clientHeight / height) - 2);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: shown.length - 1 };
    if (event.key in steps) { event.preventDefault(); select(steps[event.key]); }
    else if (event.key === "Enter" && at >= 0) { open(at); detail.focus(); detail.scrollIntoView({ block: "nearest" }); }
  });
  detail.addEventListener("keydown", (event) => { if (event.key === "Escape") { detail.replaceChildren(); grid.focus(); } });
  addEventListener("resize", measure);
  measure();
  ready(searched);
})();
