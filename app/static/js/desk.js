// The moderator's desk. Keys themselves are site.js's: here is what its buttons do. Without this file every act is still there, as a form.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const say = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const signs = (text) => [...text].length; // Python counts characters, a browser halves of some

  for (const part of all(".bf-with-script")) part.hidden = false;
  for (const part of all("[data-look] [data-without-script]")) part.hidden = true; // at once, so that nothing moves later

  // Escape leaves the field one types in, so that the keys act again.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches("textarea, input")) event.target.blur();
  });

  // A decision can be taken back for thirty seconds; then its place stays, empty of its button.
  const undo = one("[data-undo]");
  if (undo) {
    setTimeout(() => {
      one("[role=status]", undo).textContent = undo.dataset.over;
      one("button", undo).hidden = true;
    }, 1000 * Number(undo.dataset.undo));
  }

  // Say that one is reading, now and every minute, while the page is seen.
  const reader = one("[data-look]");
  if (reader) {
    const status = one("[role=status]", reader);
    const look = async () => {
      if (document.hidden) return;
      const body = new URLSearchParams({ csrf_token: reader.dataset.token });
      try {
        const answer = await fetch(reader.dataset.look, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
        if (answer.ok || answer.status === 409) {
          status.textContent = (await answer.json()).message;
        }
      } catch { /* the network is away: the case can still be decided, the version says who was first */ }
    };
    setTimeout(look, 700);
    setInterval(look, 60_000);
  }

  // An article chosen puts its sentence in the message, unless something else was typed there.
  const reasons = document.getElementById("reasons");
  if (reasons) {
    let put = "";
    for (const radio of all("input[name=article]")) {
      radio.addEventListener("change", () => {
        if (reasons.value.trim() && reasons.value !== put) return;
        reasons.value = put = radio.dataset.notice || "";
      });
    }
  }

  // Moving: the first D opens the list and lends it the figures, the second sends.
  const move = document.getElementById("destination");
  const send = one("button[name=verdict][value=move]");
  if (move && send) {
    const targets = all("input", move);
    const articles = all("input[name=article]");
    let open = targets.some((each) => each.checked);
    move.hidden = !open;
    send.addEventListener("click", (event) => {
      if (open) return;
      event.preventDefault();
      open = true;
      move.hidden = false;
      for (const each of articles) each.dataset.key = "";
      for (const each of targets) each.dataset.key = each.dataset.target;
      if (targets.length === 1) targets[0].checked = true;
      targets[0].focus();
    });
  }

  // Passages to cut. Boxes carry them to the server; here the text shows them, and a selection makes more.
  const list = one("[data-cuts]");
  const fields = all("[data-field]").map((root) => {
    const pieces = all("[data-at]", root).map((node) => ({ text: node.textContent, why: node.dataset.why || "", node }));
    let at = 0;
    for (const piece of pieces) { piece.start = at; at += signs(piece.text); piece.end = at; }
    return { root, name: root.dataset.field, pieces, source: pieces.map((piece) => piece.text).join("") };
  });
  const text = (field, start, end) => [...field.source].slice(start, end).join("");
  const boxes = () => all("input[name=cut]", list).map((box) => {
    const [name, start, end] = box.value.split(":");
    return { box, name, start: Number(start), end: Number(end) };
  });
  let focused = null; // the sentence that N went to: { field, start, end }

  const paint = () => {
    for (const field of fields) {
      const cuts = boxes().filter((each) => each.name === field.name && each.box.checked);
      const here = focused?.field === field ? focused : null;
      const nodes = [];
      for (const piece of field.pieces) {
        const edges = [piece.start, piece.end];
        for (const span of [...cuts, ...(here ? [here] : [])]) edges.push(span.start, span.end);
        const stops = [...new Set(edges)].filter((edge) => edge >= piece.start && edge <= piece.end).sort((a, b) => a - b);
        for (let n = 0; n + 1 < stops.length; n += 1) {
          const [start, end] = [stops[n], stops[n + 1]];
          const cut = cuts.some((span) => span.start <= start && end <= span.end);
          const node = document.createElement(cut ? "del" : piece.why ? "mark" : "span");
          node.dataset.at = start;
          node.textContent = text(field, start, end);
          node.classList.toggle("bf-here", Boolean(here && here.start <= start && end <= here.end));
          nodes.push(node);
        }
        if (piece.why) {
          const flag = document.createElement("small");
          flag.className = "bf-flag";
          flag.dataset.flag = "";
          flag.textContent = piece.why;
          nodes.push(flag);
        }
      }
      field.root.replaceChildren(...nodes);
    }
  };

  const cut = (field, start, end) => {
    const value = `${field.name}:${start}:${end}`;
    let box = boxes().find((each) => each.box.value === value)?.box;
    if (!box) {
      const item = document.createElement("li");
      item.className = "form-check";
      box = document.createElement("input");
      Object.assign(box, { type: "checkbox", name: "cut", value, id: `cut-${field.name}-${start}-${end}`, className: "form-check-input" });
      const label = document.createElement("label");
      label.htmlFor = box.id;
      label.textContent = `«\u202f${text(field, start, end)}\u202f»`;
      item.append(box, label);
      list.prepend(item);
    }
    box.checked = !box.checked;
    list.closest("details").open = true;
  };

  // Where a selection begins and ends in the source; flags between the words count for nothing.
  const place = (field, node, offset) => {
    const piece = (node.nodeType === Node.TEXT_NODE ? node.parentNode : node).closest?.("[data-at]");
    if (piece && field.root.contains(piece) && node.nodeType === Node.TEXT_NODE) return Number(piece.dataset.at) + signs(node.data.slice(0, offset));
    const before = document.createRange();
    before.setStart(field.root, 0);
    before.setEnd(node, offset);
    const copy = before.cloneContents();
    for (const flag of all("[data-flag]", copy)) flag.remove();
    return signs(copy.textContent);
  };
  const selected = () => {
    const chosen = document.getSelection();
    if (!chosen.rangeCount || chosen.isCollapsed) return null;
    const range = chosen.getRangeAt(0);
    const field = fields.find((each) => each.root.contains(range.startContainer) && each.root.contains(range.endContainer));
    if (!field) return null;
    let [start, end] = [place(field, range.startContainer, range.startOffset), place(field, range.endContainer, range.endOffset)];
    while (start < end && /\s/.test(text(field, start, start + 1))) start += 1;
    while (start < end && /\s/.test(text(field, end - 1, end))) end -= 1;
    return start < end ? { field, start, end } : null;
  };

  if (list) {
    list.addEventListener("change", paint);
    const button = one("[data-cut]");
    button.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
    button.addEventListener("click", () => {
      const chosen = selected() || focused;
      if (chosen) cut(chosen.field, chosen.start, chosen.end);
      else {
        const pointed = all("input[data-pointed]", list);
        const on = pointed.some((box) => !box.checked);
        for (const box of pointed) box.checked = on;
        if (pointed.length) list.closest("details").open = true;
      }
      document.getSelection().removeAllRanges();
      paint();
    });
    const sentences = boxes().filter((each) => !("pointed" in each.box.dataset));
    one("[data-next-sentence]").addEventListener("click", () => {
      if (!sentences.length) return;
      const now = sentences.findIndex((each) => focused && each.name === focused.field.name && each.start === focused.start);
      const next = sentences[(now + 1) % sentences.length];
      focused = { field: fields.find((field) => field.name === next.name), start: next.start, end: next.end };
      paint();
      one(".bf-here")?.scrollIntoView({ block: "nearest" });
    });
    if (boxes().some((each) => each.box.checked)) paint();
  }

  // Cases put aside, to be decided together: kept for this tab.
  const name = "beffroi.desk.aside";
  const read = () => { try { return JSON.parse(sessionStorage.getItem(name)) || []; } catch { return []; } };
  const keep = (ids) => { try { sessionStorage.setItem(name, JSON.stringify(ids)); } catch { /* private window: for this page only */ } };
  let aside = read();
  const toggle = (id, on) => { aside = on ? [...new Set([...aside, id])] : aside.filter((each) => each !== id); keep(aside); };

  const marking = one("[data-marking]");
  if (marking) {
    const link = one("[data-together]", marking);
    const campaign = one("[data-campaign]");
    const mark = one("[data-mark]", marking);
    const show = () => {
      const address = new URL(link.href);
      address.search = "";
      for (const id of aside) address.searchParams.append("case", id);
      link.href = aside.length || !campaign ? address : campaign.href;
      link.hidden = !aside.length && !campaign;
      if (aside.length) link.firstChild.textContent = say(link.dataset.words, { n: aside.length }) + " ";
      for (const item of all("[data-case]")) item.classList.toggle("is-aside", aside.includes(item.dataset.case));
    };
    mark.hidden = false;
    mark.addEventListener("click", () => {
      const on = !aside.includes(marking.dataset.marking);
      toggle(marking.dataset.marking, on);
      show();
      if (on) one("[data-key=j]")?.click();
    });
    show();
  }
  if (one("[data-together-page]")) keep([]);

  // The list of the queue: J and K go from case to case, X chooses.
  const rows = all("[data-row]");
  if (rows.length) {
    const current = () => rows.findIndex((row) => row.contains(document.activeElement));
    for (const row of rows) {
      const box = one("input", row);
      box.checked = aside.includes(box.value);
      box.addEventListener("change", () => toggle(box.value, box.checked));
    }
    for (const button of all("[data-go]")) {
      button.closest("[hidden]")?.classList.add("visually-hidden");
      button.closest("[hidden]")?.removeAttribute("hidden");
      button.tabIndex = -1;
      button.addEventListener("click", () => {
        const next = Math.min(rows.length - 1, Math.max(0, current() + Number(button.dataset.go)));
        one("a", rows[next]).focus();
      });
    }
    const mark = one("button[data-mark]");
    mark.tabIndex = -1;
    mark.addEventListener("click", () => one("input", rows[Math.max(0, current())]).click());
  }
})();
