"use strict";
/* Draws parts marked with data-live again when a refund changes, and says so politely.
   data-live="ID" listens for one refund only; without an id, for every one. A part in which
   somebody is writing waits. One redrawing at a time: what changes meanwhile comes next. */
(() => {
  const QUIET_MS = 400;
  const ALL = "*";
  let changed = new Set();
  let timer = null;
  let isBusy = false;

  const announce = (name) => {
    const line = document.getElementById("announced");
    if (line) line.textContent = line.dataset[name];
  };

  const isWrittenIn = (part) => {
    const focused = document.activeElement;
    return part.contains(focused) && focused.matches("input, select, textarea");
  };

  const concerned = (ids) => [...document.querySelectorAll("[data-live][id]")]
    .filter((part) => !part.dataset.live || ids.has(part.dataset.live) || ids.has(ALL));

  const redraw = async (parts) => {
    if (parts.some(isWrittenIn)) { announce("waits"); return; }
    for (const part of parts) {
      await htmx.ajax("GET", location.href, {
        source: part, target: part, select: `#${CSS.escape(part.id)}`, swap: "outerMorph",
      });
    }
    if (parts.length) announce("says");
  };

  const work = async () => {
    timer = null;
    if (isBusy) { schedule(); return; }
    const ids = changed;
    changed = new Set();
    isBusy = true;
    try { await redraw(concerned(ids)); } finally { isBusy = false; }
  };

  const schedule = () => { timer ??= setTimeout(work, QUIET_MS); };

  const soon = (id) => { changed.add(id); schedule(); };

  let wasConnected = false;
  document.addEventListener("refund-changed", (event) => soon(event.detail.data));
  document.addEventListener("htmx:sse:after:connection", () => {
    if (wasConnected) soon(ALL);
    wasConnected = true;
  });
})();
