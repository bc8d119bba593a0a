// Titles proposed while one types in a search box: the combobox of the ARIA practices. Without it, the form searches as well.
(() => {
  "use strict";

  const SHORTEST = 3, PAUSE = 180;

  for (const box of document.querySelectorAll("input[data-complete]")) {
    const list = document.createElement("ul");
    list.id = box.id + "-titles";
    list.className = "bf-titles";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", box.dataset.label);
    list.hidden = true;
    const status = document.createElement("p");
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    box.after(list, status);
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", list.id);
    box.setAttribute("aria-expanded", "false");
    box.autocomplete = "off";
    let timer, asked = "", current = -1, flight;

    const close = () => {
      list.hidden = true;
      current = -1;
      box.setAttribute("aria-expanded", "false");
      box.removeAttribute("aria-activedescendant");
    };
    const point = (index) => {
      const options = [...list.children];
      current = (index + options.length) % options.length;
      options.forEach((option, n) => option.setAttribute("aria-selected", String(n === current)));
      box.setAttribute("aria-activedescendant", options[current].id);
      options[current].scrollIntoView({ block: "nearest" });
    };
    const show = (titles) => {
      list.replaceChildren(...titles.map((found, n) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${n}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.url = found.url;
        const kind = document.createElement("span");
        kind.className = "bf-soft small";
        kind.textContent = found.kind;
        option.append(found.title, " ", kind);
        return option;
      }));
      status.textContent = titles.length ? box.dataset.some.replace("{n}", titles.length) : box.dataset.none;
      current = -1;
      list.hidden = !titles.length;
      box.setAttribute("aria-expanded", String(!!titles.length));
      box.removeAttribute("aria-activedescendant");
    };
    const ask = async () => {
      const typed = box.value.trim();
      if (typed.length < SHORTEST) { asked = ""; status.textContent = ""; close(); return; }
      if (typed === asked) return;
      asked = typed;
      flight?.abort();
      flight = new AbortController();
      const address = new URL(box.dataset.complete, location.href);
      address.searchParams.set("q", typed);
      try {
        const answer = await fetch(address, { signal: flight.signal, headers: { Accept: "application/json" } });
        if (answer.ok) show((await answer.json()).titles);
        else close();
      } catch (error) {
        if (error.name !== "AbortError") close();
      }
    };

    box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
      if (list.hidden || event.isComposing) return;
      if (event.key === "ArrowDown") { event.preventDefault(); point(current + 1); }
      if (event.key === "ArrowUp") { event.preventDefault(); point(current < 0 ? list.children.length - 1 : current - 1); }
      if (event.key === "Enter" && current >= 0) { event.preventDefault(); location.assign(list.children[current].dataset.url); }
    });
    box.addEventListener("blur", () => setTimeout(close, 150));
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[data-url]");
      if (option) location.assign(option.dataset.url);
    });
  }
})();
