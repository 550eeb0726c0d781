"use strict";
(() => {
  const PAGE = 50, PRINTED = 500;
  const $ = (id) => document.getElementById(id);
  const number = new Intl.NumberFormat("en-US");
  const DECEIVES = /[\p{C}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f]|(?<=^ *) | (?= *$)/gu;

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };

  /* Text as nodes; characters that would deceive the eye stand as their names. */
  const visible = (text) => {
    const nodes = [];
    let at = 0;
    for (const found of text.matchAll(DECEIVES)) {
      if (found.index > at) nodes.push(text.slice(at, found.index));
      const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      nodes.push(element("span", "u", `U+${code}`));
      at = found.index + found[0].length;
    }
    if (at < text.length) nodes.push(text.slice(at));
    return nodes;
  };

  const copy = async (text, node) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      getSelection().selectAllChildren(node);
      return document.execCommand("copy");
    }
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.previousElementSibling;
      button.textContent = (await copy(code.textContent, code)) ? "Copied" : "Select it";
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
  }

  const data = JSON.parse($("data").textContent);
  const rows = data.rows;
  if (!rows.length) return;

  /* The columns of a row, as page.py writes them. */
  const [ROW, VERDICT, REASON, KEY, SAID, SOURCE, DESTINATION] = [0, 1, 2, 3, 4, 5, 6];
  const [BUCKET, SIDE_KEY, VERSION, SIZE, WRITTEN, ETAG, CHECKSUMS] = [0, 1, 2, 3, 4, 5, 6];
  const size = (row) => (row[DESTINATION] && row[DESTINATION][SIZE]) ?? (row[SOURCE] && row[SOURCE][SIZE]) ?? null;
  const written = (row) => row[DESTINATION] && row[DESTINATION][WRITTEN];

  const bytes = (count) => {
    if (count === null || count === undefined) return "";
    let unit = 0, amount = count;
    while (amount >= 999.5 && unit < 6) { amount /= 1000; unit += 1; }
    return `${unit ? Number(amount.toPrecision(3)) : amount} ${["B", "KB", "MB", "GB", "TB", "PB", "EB"][unit]}`;
  };
  const moment = (seconds) => (seconds === null || seconds === undefined ? "" : new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19));

  const keys = {
    row: (row) => row[ROW],
    verdict: (row) => row[VERDICT],
    object: (row) => row[KEY],
    reason: (row) => data.reasons[row[REASON]][0] + (row[SAID] || ""),
    size: (row) => size(row) ?? -1,
    written: (row) => written(row) ?? -1,
  };
  const state = { found: [], page: 0, sort: "row", down: false, open: new Set() };
  let texts = null;

  const search = () => {
    texts ??= rows.map((row) => `${row[KEY]}\n${data.reasons[row[REASON]][0]}\n${row[SAID] || ""}\n${data.verdicts[row[VERDICT]]}`.toLowerCase());
    const wanted = $("search").value.toLowerCase(), only = data.verdicts.indexOf($("only").value);
    state.found = [];
    for (let i = 0; i < rows.length; i += 1) {
      if ((only < 0 || rows[i][VERDICT] === only) && (!wanted || texts[i].includes(wanted))) state.found.push(i);
    }
    state.page = 0;
    order();
  };

  const order = () => {
    const values = rows.map(keys[state.sort]), turn = state.down ? -1 : 1;
    state.found.sort((a, b) => (values[a] < values[b] ? -turn : values[a] > values[b] ? turn : a - b));
    for (const head of document.querySelectorAll("#list th")) {
      head.setAttribute("aria-sort", head.dataset.sort !== state.sort ? "none" : state.down ? "descending" : "ascending");
    }
    show();
  };

  const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll("%2F", "/");
  const address = (side) => `s3://${encode(side[BUCKET])}/${encode(side[SIDE_KEY])}${side[VERSION] ? `?versionId=${encode(side[VERSION])}` : ""}`;

  const side = (title, facts) => {
    const list = element("dl");
    const add = (name, text) => {
      if (text !== null && text !== undefined && text !== "") list.append(element("dt", "", name), element("dd", "", ...visible(String(text))));
    };
    add("bucket", facts[BUCKET]);
    add("key", facts[SIDE_KEY]);
    add("version", facts[VERSION]);
    add("size", facts[SIZE] === null ? null : `${number.format(facts[SIZE])} B`);
    add("written", moment(facts[WRITTEN]) && `${moment(facts[WRITTEN])} UTC`);
    add("etag", facts[ETAG]);
    add("checksums", facts[CHECKSUMS] && facts[CHECKSUMS].replaceAll(" ", "\n").split("\n").join(", "));
    add("address", address(facts));
    return element("div", "", element("h3", "", title), list);
  };

  const detail = (index) => {
    const row = rows[index], box = element("div", "two");
    const remedy = data.reasons[row[REASON]][1];
    if (row[SOURCE]) box.append(side("Source", row[SOURCE]));
    if (row[DESTINATION]) box.append(side("Destination", row[DESTINATION]));
    const said = element("div", "", element("h3", "", "What to do"), element("p", "", remedy));
    box.append(said);
    const cell = element("td", "", box), line = element("tr", "more", cell);
    cell.colSpan = 6;
    cell.setAttribute("role", "cell");
    line.setAttribute("role", "row");
    line.id = `more-${index}`;
    return line;
  };

  const cell = (name, ...children) => {
    const made = element("td", `c-${name}`, ...children);
    made.setAttribute("role", "cell");
    return made;
  };

  const line = (index) => {
    const row = rows[index], verdict = data.verdicts[row[VERDICT]];
    const chip = element("span", `chip ${data.tones[row[VERDICT]]}`, verdict.replaceAll("_", " "));
    const button = element("button", "object", element("bdi", "", ...visible(row[KEY])));
    const said = row[SAID] ? [element("span", "said", ...visible(row[SAID]))] : [];
    const made = element("tr", "", cell("row", number.format(row[ROW])), cell("verdict", chip), cell("object", button),
      cell("reason", data.reasons[row[REASON]][0], ...said), cell("size", bytes(size(row))), cell("written", moment(written(row))));
    const open = state.open.has(index);
    made.setAttribute("role", "row");
    made.classList.toggle("open", open);
    button.type = "button";
    button.setAttribute("aria-expanded", String(open));
    button.addEventListener("click", () => {
      const opened = !state.open.delete(index);
      if (opened) { state.open.add(index); made.after(detail(index)); } else { $(`more-${index}`).remove(); }
      made.classList.toggle("open", opened);
      button.setAttribute("aria-expanded", String(opened));
    });
    return open ? [made, detail(index)] : [made];
  };

  const show = (count = PAGE) => {
    const pages = Math.max(1, Math.ceil(state.found.length / PAGE));
    const first = count === PAGE ? state.page * PAGE : 0;
    $("list").tBodies[0].replaceChildren(...state.found.slice(first, first + count).flatMap(line));
    const all = state.found.length === rows.length;
    $("status").textContent = all ? `${number.format(rows.length)} objects. Choose one to see its evidence.`
      : `${number.format(state.found.length)} of ${number.format(rows.length)} objects match.`;
    $("place").textContent = count === PAGE ? `Page ${number.format(state.page + 1)} of ${number.format(pages)}`
      : `${number.format(count)} of ${number.format(state.found.length)} are printed.`;
    $("pager").hidden = count === PAGE ? pages === 1 : state.found.length <= count;
    for (const button of $("pager").querySelectorAll("button")) {
      button.disabled = /first|back/.test(button.dataset.go) ? state.page === 0 : state.page === pages - 1;
    }
  };

  let waiting = 0;
  $("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });
  $("only").addEventListener("change", search);
  $("tools").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  $("list").tHead.addEventListener("click", (event) => {
    const head = event.target.closest("th");
    if (!head) return;
    state.down = state.sort === head.dataset.sort && !state.down;
    state.sort = head.dataset.sort;
    state.page = 0;
    order();
  });
  $("pager").addEventListener("click", (event) => {
    const go = event.target.dataset.go, last = Math.ceil(state.found.length / PAGE) - 1;
    if (!go) return;
    state.page = { first: 0, back: state.page - 1, next: state.page + 1, last }[go];
    show();
    $("list").scrollIntoView({ block: "start" });
  });
  addEventListener("beforeprint", () => show(PRINTED));
  addEventListener("afterprint", () => show());

  $("tools").hidden = $("list").hidden = false;
  search();
})();
