// Shows on an order's page how its PagoEfectivo refunds stand. It asks our service and shows
// its words; it keeps nothing and can change nothing. A path without a host goes to the app's
// own address; the session token says which store asks.

const say = (key) => shopify.i18n.translate(key);

export default async () => {
  const block = element("s-admin-block", { heading: say("heading") });
  document.body.append(block);
  block.append(...(await content()));
};

async function content() {
  try {
    const refunds = await refundsOf(orderId());
    return refunds.length ? refunds.map(shown) : [paragraph(say("none"))];
  } catch {
    return [element("s-banner", { tone: "warning" }, paragraph(say("trouble")))];
  }
}

function orderId() {
  // gid://shopify/Order/6318000000001: longer than a JavaScript number can hold.
  return shopify.data.selected[0].id.split("/").pop();
}

async function refundsOf(order) {
  const token = await shopify.auth.idToken();
  const path = `/apps/shopify/orders/${order}?locale=${say("locale")}`;
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`refunds: ${answer.status}`);
  return (await answer.json()).refunds;
}

function shown(refund) {
  const head = element(
    "s-stack",
    { direction: "inline", gap: "base", alignItems: "center" },
    element("s-text", { type: "strong" }, refund.amount),
    element("s-badge", { tone: refund.tone }, refund.label),
  );
  const sentences = [refund.means, refund.why, refund.expected, refund.next];
  const said = sentences.filter(Boolean).map((sentence) => paragraph(sentence));
  return element("s-section", {}, element("s-stack", { gap: "small" }, head, ...said));
}

function paragraph(text) {
  return element("s-paragraph", {}, text);
}

function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (property in made) made[property] = value;
    else made.setAttribute(property, value);
  }
  made.append(...children);
  return made;
}
