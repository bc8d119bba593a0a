// Everything here only makes quicker what works without it. No page depends on it; no word is in it: they come from the page.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // A refused form: go to what must be corrected.
  document.querySelector("[data-errors]")?.focus();

  // Characters left, under a field that has a limit, once three quarters of it are used.
  for (const box of all("[data-limit]")) {
    const note = document.getElementById(box.id + "-limit");
    if (!note) continue;
    const limit = Number(box.dataset.limit);
    const calm = note.textContent;
    const show = () => {
      const left = limit - [...box.value].length;
      const n = Math.abs(left).toLocaleString(document.documentElement.lang);
      note.textContent = left * 4 > limit ? calm : say(left < 0 ? note.dataset.over : note.dataset.left, { n });
      note.classList.toggle("is-over", left < 0);
    };
    box.addEventListener("input", show);
    if (box.value) show();
  }

  // Drafts: two seconds after the last key, and when the page is left.
  for (const form of all("form[data-autosave-url]")) {
    const status = document.createElement("p");
    status.className = "bf-saved";
    status.setAttribute("role", "status");
    form.append(status);
    let timer, dirty = false;
    const body = () => {
      const data = new FormData(form);
      data.delete("_once");
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      return data;
    };
    const save = async () => {
      clearTimeout(timer);
      if (!dirty) return;
      dirty = false;
      try {
        const answer = await fetch(form.dataset.autosaveUrl, {
          method: "POST", body: body(), headers: { "X-Requested-With": "fetch" }, redirect: "error", keepalive: true,
        });
        if (!answer.ok) throw new Error(String(answer.status));
        const hour = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
        status.textContent = say(form.dataset.saved, { hour });
      } catch {
        dirty = true;
        status.textContent = form.dataset.unsaved;
      }
    };
    form.addEventListener("input", () => { dirty = true; clearTimeout(timer); timer = setTimeout(save, 2000); });
    form.addEventListener("submit", () => { dirty = false; clearTimeout(timer); });
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
    window.addEventListener("online", save);
  }

  // Markdown: the signs one would have typed, put around the selection.
  const wrap = (box, before, after) => {
    const { selectionStart: start, selectionEnd: end, value } = box;
    box.setRangeText(before + value.slice(start, end) + after, start, end, "end");
    if (start === end) box.selectionStart = box.selectionEnd = start + before.length;
  };
  const prefix = (box, sign) => {
    const { selectionStart: start, selectionEnd: end, value } = box;
    const from = value.lastIndexOf("\n", start - 1) + 1;
    const lines = value.slice(from, end).split("\n").map((line) => sign + line).join("\n");
    box.setRangeText((from && value[from - 2] !== "\n" ? "\n" : "") + lines, from, end, "end");
  };
  const marks = {
    bold: (box) => wrap(box, "**", "**"),
    italic: (box) => wrap(box, "*", "*"),
    list: (box) => prefix(box, "- "),
    quote: (box) => prefix(box, "> "),
    link: (box) => wrap(box, "[", "](https://)"),
  };
  for (const bar of all("[data-toolbar]")) {
    const box = document.getElementById(bar.dataset.toolbar);
    if (!box) continue;
    bar.hidden = false;
    bar.addEventListener("click", (event) => {
      const mark = marks[event.target.closest("[data-md]")?.dataset.md];
      if (!mark) return;
      box.focus();
      mark(box);
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  // Copy back what a refused form held.
  for (const box of all("textarea[data-copy]")) {
    if (!navigator.clipboard) break;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-outline-secondary mt-2";
    button.textContent = box.dataset.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(box.value);
      button.textContent = box.dataset.copied;
    });
    box.after(button);
  }

  // One-key shortcuts of the desk. They can be switched off, and never act while one types.
  const keyed = all("[data-key]");
  if (keyed.length) {
    const name = "beffroi.keys";
    const remembered = () => { try { return localStorage.getItem(name) !== "off"; } catch { return true; } };
    let on = remembered();
    for (const box of all("input[data-keys-switch]")) {
      box.closest("[hidden]")?.removeAttribute("hidden");
      box.checked = on;
      box.addEventListener("change", () => {
        on = box.checked;
        try { localStorage.setItem(name, on ? "on" : "off"); } catch { /* private window: for this page only */ }
      });
    }
    document.addEventListener("keydown", (event) => {
      if (!on || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
      if (event.target.closest("textarea, select, [contenteditable], input:not([type=checkbox]):not([type=radio])")) return;
      const target = keyed.find((one) => one.dataset.key.toLowerCase() === event.key.toLowerCase() && one.offsetParent !== null);
      if (!target) return;
      event.preventDefault();
      if (target.matches("textarea, input[type=text], input[type=search]")) target.focus();
      else target.click();
      if (target.matches("summary")) { // what it opens may be a hundred lines below
        target.focus({ preventScroll: true });
        target.parentElement.scrollIntoView({ block: "nearest", behavior: "instant" });
      }
    });
  }
})();
