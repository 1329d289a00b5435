"use strict";
/* Draws parts marked with data-live again when a refund changes, and says so politely.
   data-live="ID" listens for one refund only; without an id, for every one. A part in which
   somebody is writing waits. One redrawing at a time: what changes meanwhile comes next. */
(() => {
  const QUIET_MS = 400;
  const PATIENCE_MS = 5000;
  const BACKSTOP_MS = 20000;
  const ALL = "*", QUIETLY = "~";
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
    .filter((part) => !part.dataset.live || ids.has(part.dataset.live)
      || ids.has(ALL) || ids.has(QUIETLY));

  /* htmx may drop a request that comes close behind another and never say so. */
  const within = (ms, work) => Promise.race([
    work.then(() => true), new Promise((done) => { setTimeout(() => done(false), ms); }),
  ]);

  const redraw = async (parts, isNews) => {
    if (parts.some(isWrittenIn)) { if (isNews) announce("waits"); return; }
    for (const part of parts) {
      const asked = htmx.ajax("GET", location.href, {
        source: part, target: part, select: `#${CSS.escape(part.id)}`, swap: "outerMorph",
      });
      if (!await within(PATIENCE_MS, asked)) { soon(ALL); return; }
    }
    if (parts.length && isNews) announce("says");
  };

  const work = async () => {
    timer = null;
    if (isBusy) { schedule(); return; }
    const ids = changed;
    changed = new Set();
    isBusy = true;
    const isNews = [...ids].some((id) => id !== QUIETLY);
    try { await redraw(concerned(ids), isNews); } finally { isBusy = false; }
  };

  const schedule = () => { timer ??= setTimeout(work, QUIET_MS); };

  const soon = (id) => { changed.add(id); schedule(); };

  let wasConnected = false;
  document.addEventListener("refund-changed", (event) => soon(event.detail.data));
  document.addEventListener("htmx:sse:after:connection", () => {
    if (wasConnected) soon(ALL);
    wasConnected = true;
  });
  /* As everywhere here: what a lost message would hide, a slower look finds. */
  setInterval(() => { if (document.visibilityState === "visible") soon(QUIETLY); }, BACKSTOP_MS);
})();
