// The map of the catalogue, by Leaflet, over the drawing that the page holds. Groups are made by the server, for each view.
(() => {
  "use strict";

  const box = document.querySelector("[data-map]");
  if (!box || !window.L) return;
  const bounds = (text) => {
    const [west, south, east, north] = text.split(",").map(Number);
    return [[south, west], [north, east]];
  };
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  box.querySelector("svg")?.remove();
  box.classList.add("is-alive");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", box.dataset.label);
  const map = L.map(box, { zoomControl: false, maxZoom: 18, minZoom: 2, worldCopyJump: true, zoomAnimation: !still, fadeAnimation: !still, attributionControl: !!box.dataset.tiles });
  const zoom = L.control.zoom({ zoomInTitle: box.dataset.in, zoomOutTitle: box.dataset.out }).addTo(map);
  if (box.dataset.tiles) {
    const credit = document.createElement("span");
    credit.textContent = box.dataset.credit;
    L.tileLayer(box.dataset.tiles, { maxZoom: 18, attribution: credit.innerHTML }).addTo(map);
  }

  // The list of what is in sight: the same page, for this part of the world.
  const listed = document.createElement("a");
  listed.className = "bf-alone";
  listed.textContent = box.dataset.listed;
  const line = document.createElement("p");
  line.append(listed);
  box.after(line);
  const holder = document.createElement("div");
  box.before(holder);
  holder.append(zoom.getContainer(), box, line); // not over the map, where it would hide marks

  // A plain ground has lines, so that one sees where it moves.
  const lines = L.layerGroup().addTo(map);
  const steps = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
  const rule = () => {
    lines.clearLayers();
    if (box.dataset.tiles) return;
    const view = map.getBounds(), span = Math.max(view.getEast() - view.getWest(), view.getNorth() - view.getSouth());
    const step = steps.find((one) => span / one <= 8) || 30;
    const style = { className: "bf-line", weight: 1, interactive: false };
    for (let at = Math.floor(view.getWest() / step) * step; at <= view.getEast(); at += step) lines.addLayer(L.polyline([[-85, at], [85, at]], style));
    for (let at = Math.floor(view.getSouth() / step) * step; at <= view.getNorth(); at += step) lines.addLayer(L.polyline([[at, view.getWest() - span], [at, view.getEast() + span]], style));
  };

  const popup = (group) => {
    const list = document.createElement("ul");
    for (const sheet of group.sheets) {
      const link = document.createElement("a");
      link.href = sheet.url;
      link.textContent = sheet.title;
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    return list;
  };

  // Names beside the marks, where there is room: the fullest come first.
  const name = (groups) => {
    const taken = groups.map((group) => {
      const at = map.latLngToContainerPoint([group.latitude, group.longitude]);
      return [at.x - 24, at.y - 24, at.x + 24, at.y + 24];
    });
    marks.getLayers().forEach((mark, n) => {
      const { name: text } = groups[n];
      const [left, , right, bottom] = [...taken[n]];
      const room = [right, bottom - 38, right + 9 * text.length, bottom - 10];
      const isFree = taken.every((one, m) => m === n || room[2] < one[0] || one[2] < room[0] || room[3] < one[1] || one[3] < room[1]);
      if (!text || text.length > 24 || !isFree || room[2] > box.clientWidth || left < 0) return;
      taken.push(room);
      const label = document.createElement("span");
      label.textContent = text;
      mark.bindTooltip(label, { permanent: true, direction: "right", offset: [groups[n].count > 1 ? 22 : 14, 0], className: "bf-named", opacity: 1 });
    });
  };

  const marks = L.layerGroup().addTo(map);
  let flight;
  const show = (groups) => {
    marks.clearLayers();
    for (const group of groups) {
      const size = Math.round(Math.min(80, Math.max(44, 28 + 8 * Math.sqrt(group.count - 1))));
      const disc = document.createElement("span");
      disc.textContent = group.count > 1 ? group.count : "";
      const mark = L.marker([group.latitude, group.longitude], {
        icon: L.divIcon({ className: "bf-disc", html: disc, iconSize: group.count > 1 ? [size, size] : [28, 28] }), title: group.label, riseOnHover: true,
      });
      if (group.sheets.length) mark.bindPopup(popup(group), { maxWidth: 280, autoPan: !still });
      else {
        const nearer = () => map.fitBounds(bounds(group.bbox), { padding: [40, 40], maxZoom: 18 });
        mark.on("click", nearer);
        mark.on("keypress", ({ originalEvent: key }) => { if (key.key === "Enter" || key.key === " ") { key.preventDefault(); nearer(); box.focus(); } });
      }
      marks.addLayer(mark);
      const element = mark.getElement();
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", group.label);
    }
    name(groups);
  };
  const refresh = async () => {
    rule();
    const view = map.getBounds().pad(0.1);
    const inside = [Math.max(-180, view.getWest()), Math.max(-85, view.getSouth()), Math.min(180, view.getEast()), Math.min(85, view.getNorth())];
    const address = new URL(box.dataset.map, location.href);
    address.searchParams.set("bbox", inside.map((edge) => edge.toFixed(3)).join(","));
    address.searchParams.set("zoom", Math.round(map.getZoom()));
    const page = new URL(box.dataset.page, location.href);
    page.searchParams.set("bbox", inside.map((edge) => edge.toFixed(3)).join(","));
    page.hash = "liste";
    listed.href = page;
    flight?.abort();
    flight = new AbortController();
    try {
      const answer = await fetch(address, { signal: flight.signal });
      if (answer.ok) show((await answer.json()).groups);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  map.on("moveend", refresh);
  map.on("popupopen", ({ popup: opened }) => opened.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", box.dataset.close));
  map.fitBounds(bounds(box.dataset.bbox), { padding: [20, 20], maxZoom: 14 });
})();
