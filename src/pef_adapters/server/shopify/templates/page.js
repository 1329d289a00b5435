// The page's own script: refreshes the lists and saves the settings, with a session token
// that App Bridge gives. Without App Bridge it does nothing, and the page says so.

const bridge = globalThis.shopify;
const find = (id) => document.getElementById(id);
const locale = document.querySelector("main").dataset.locale;

async function call(path, options = {}) {
  const token = await bridge.idToken();
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(`/apps/shopify/${path}?locale=${locale}`, { ...options, headers });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body;
}

function filled(template, record) {
  const item = find(template).content.firstElementChild.cloneNode(true);
  for (const place of item.querySelectorAll("[data-field]")) {
    place.textContent = record[place.dataset.field];
    place.hidden = !place.textContent;
    if (place.dataset.tone) {
      place.dataset.tone = record.tone;
      place.setAttribute("tone", record.tone);
    }
  }
  return item;
}

function fill(list, template, records) {
  find(list).replaceChildren(...records.map((record) => filled(template, record)));
}

async function refresh() {
  find("not-fresh").hidden = true;
  try {
    const now = await call("refunds");
    fill("alarms", "an-alarm", now.alarms);
    fill("waiting", "a-refund", now.waiting);
    fill("refunds", "a-refund", now.refunds);
    find("nothing").hidden = now.alarms.length + now.waiting.length > 0;
    find("none").hidden = now.refunds.length > 0;
  } catch {
    find("not-fresh").hidden = false;
  }
}

function typed(form) {
  const lines = form.gateways.value.split("\n").map((line) => line.trim());
  const settings = {
    gateways: lines.filter(Boolean),
    transaction_reference: form.transaction_reference.value.trim(),
  };
  if (form.payouts) settings.payouts = form.payouts.checked ? "allowed" : "barred";
  return settings;
}

async function save(event) {
  event.preventDefault();
  find("saved").hidden = find("not-saved").hidden = true;
  find("save").disabled = true;
  try {
    await call("settings", { method: "PUT", body: JSON.stringify(typed(event.target)) });
    find("saved").hidden = false;
  } catch (fault) {
    find("fault").textContent = fault.message;
    find("not-saved").hidden = false;
  } finally {
    find("save").disabled = false;
  }
}

// The address opens once and soon is over, so it is asked for when it is needed.
async function enterConsole() {
  find("console-closed").hidden = true;
  find("console").disabled = true;
  try {
    open((await call("console", { method: "POST" })).address, "_blank", "noopener");
  } catch {
    find("console-closed").hidden = false;
  } finally {
    find("console").disabled = false;
  }
}

if (bridge?.idToken) {
  find("no-script").hidden = true;
  find("refresh").disabled = find("save").disabled = find("console").disabled = false;
  find("refresh").addEventListener("click", refresh);
  find("console").addEventListener("click", enterConsole);
  find("settings").addEventListener("submit", save);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}
