"use strict";
/* Passkeys: forms with data-passkey="make" or "use" ask the browser for one, and then send its
   answer in their field "answer". "make" has its options in data-options, "use" gets them from
   data-offer. Whatever needs passkeys is shown only where the browser has them. */
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0),
  );

  const letters = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const opened = (keys) => (keys ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

  const made = (options) => navigator.credentials.create({ publicKey: {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: opened(options.excludeCredentials),
  } });

  const used = (options) => navigator.credentials.get({ publicKey: {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: opened(options.allowCredentials),
  } });

  const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

  const written = ({ id, rawId, type, response }) => {
    const parts = PARTS.filter((part) => response[part]);
    const plain = Object.fromEntries(parts.map((part) => [part, letters(response[part])]));
    if (response.getTransports) plain.transports = response.getTransports();
    return JSON.stringify({ id, rawId: letters(rawId), type, response: plain });
  };

  const offered = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.offer, {
      method: "POST", body: new URLSearchParams(new FormData(form)),
    });
    if (!answer.ok) throw new Error(`no offer: ${answer.status}`);
    return answer.json();
  };

  const ask = async (event) => {
    event.preventDefault();
    const form = event.target;
    const [button] = form.getElementsByTagName("button");
    const line = form.querySelector("[role=alert]");
    line.hidden = button.disabled = true;
    try {
      const options = await offered(form);
      const credential = await (form.dataset.passkey === "make" ? made : used)(options);
      form.elements.answer.value = written(credential);
      form.submit();
    } catch {
      line.hidden = false;
    } finally {
      button.disabled = false;
    }
  };

  for (const part of document.querySelectorAll("[data-passkey-can]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-passkey-cannot]")) part.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", ask);
  }
})();
