// Forms that lose nothing: <form method="post" data-safe="client:<id>:body" [data-draft-client="<id>"]>.
//
// Drafts. What is typed goes to /drafts/<key> 1.5 s after the last change and 3 s after the first one at the latest,
//   and when the page is hidden. No file, password, or field marked data-no-draft is kept; nothing is kept on the
//   tablet. A page that opens on a draft asks whether to go on with it. `write_once` drops the draft in the
//   transaction of the save (header X-Safe-Form), and a draft that arrives later is not taken any more.
// Saving. The form is sent by fetch with its submission mark, so it is written once however often it is sent. No
//   answer: it is sent again every 5 s. Locked or logged out: a dialog makes up for it in place. A page with the form
//   (422, 409) takes the place of <main>; where that page has scripts that must start afresh (without data-stays), the
//   browser sends the form once more by itself, since nothing was written. A page without one (403, 404) is told in
//   the line below the form, and what was typed stays.
// Being active. A draft of what was just typed counts as a person at work, so nobody is locked out while typing.
// Widgets. A restored field gets `input` and `change`; the form gets `safe-form:restored` (detail: [[name, value], …]).
// Without this script it is a plain form.
"use strict";
(() => {
  const LAST_MS = 1500, FIRST_MS = 3000, AGAIN_S = 5, OWN = ["csrfmiddlewaretoken", "submission", "version"];
  const part = (node, name) => node.querySelector(`[data-part="${name}"]`);
  const words = (key, value) => document.getElementById("safe-form-words").dataset[key].replace("{0}", value);
  const pause = (ms) => new Promise((done) => {
    const timer = setTimeout(go, ms);
    function go() { clearTimeout(timer); removeEventListener("online", go); done(); }
    addEventListener("online", go);
  });
  const csrf = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
  const takeCsrf = (token) => token && document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((one) => { one.value = token; });
  const state = async () => (await fetch(words("state"), { headers: { "X-Background": "1" } })).json();
  const renew = async () => { // whether there is a new token
    const { csrf: token } = await state().catch(() => ({}));
    takeCsrf(token);
    return Boolean(token);
  };

  // A page that answers what was just sent holds what was typed; no draft of before is offered on it.
  const ANSWERED = "safe-form-answered", answered = sessionStorage.getItem(ANSWERED);
  sessionStorage.removeItem(ANSWERED);

  function watch(form, fresh) {
    if (form.safe) return;
    form.safe = true;
    const key = form.dataset.safe, where = `/drafts/${encodeURIComponent(key)}`;
    const page = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
    let count = 0, dirty = false, typed = false, failed = false, sending = false, first = 0, timer = 0, queue = Promise.resolve();
    let line = form.querySelector(".form-state");
    if (!line) form.append(line = Object.assign(document.createElement("p"), { className: "form-state" }));
    line.setAttribute("role", "status");
    const tell = (key, value) => {
      line.className = key === "kept" || key === "sending" ? "form-state" : "form-state banner banner-near";
      line.textContent = words(key, value);
    };
    const value = (name) => form.elements[name]?.value ?? "";
    const kept = (name) => !OWN.includes(name) && ![...form.elements].some(
      (one) => one.name === name && (one.type === "password" || one.type === "file" || one.dataset.noDraft !== undefined));
    const fields = () => [...new FormData(form)].filter(([name, text]) => typeof text === "string" && kept(name));
    const same = (some, others) => JSON.stringify(some) === JSON.stringify(others);
    const opened = fields();

    async function keep(leaving) {
      clearTimeout(timer);
      if (!dirty || sending || !form.isConnected) return;
      dirty = false; first = 0;
      const body = JSON.stringify({ mark: value("submission"), page, count: ++count, version: value("version"), fields: fields() });
      const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf(), "X-Requested-With": "fetch" };
      if (!typed) headers["X-Background"] = "1";
      typed = false;
      const client = form.dataset.draftClient || form.dataset.client;
      if (client) headers["X-Draft-Client"] = client;
      let answer = null;
      try { answer = await fetch(where, { method: "PUT", body, headers, keepalive: leaving && body.length < 20000 }); } catch { /* told below */ }
      const status = answer?.status || 0, ended = status === 401 || status === 423;
      failed = !answer?.ok;
      if (status === 403) await renew(); // perhaps only the token is old
      if (sending) return;
      const hopeless = status >= 400 && status < 500 && !ended && status !== 403;
      tell(!failed ? "kept" : ended ? "loggedOut" : hopeless ? "noDraft" : "notKept", answer?.headers.get("X-Kept-At") || "");
      if (failed && !hopeless) again();
    }
    function again() { dirty = true; clearTimeout(timer); timer = setTimeout(later, AGAIN_S * 1000); }
    const later = () => (queue = queue.then(() => keep()));
    form.addEventListener("input", () => changed());
    form.addEventListener("change", () => changed());
    function changed() {
      if (sending) return;
      dirty = typed = true;
      first ||= Date.now();
      clearTimeout(timer);
      timer = setTimeout(later, Math.max(0, Math.min(LAST_MS, first + FIRST_MS - Date.now())));
    }
    const leave = () => { if (document.visibilityState === "hidden") keep(true); };
    document.addEventListener("visibilitychange", leave);
    addEventListener("pagehide", () => keep(true));
    addEventListener("beforeunload", (event) => { if (failed && !form.saved && form.isConnected) event.preventDefault(); });

    async function offer() {
      const answer = await fetch(where, { headers: { "X-Requested-With": "fetch", "X-Background": "1" } });
      const { content, at } = answer.ok ? await answer.json() : {};
      if (!content || !Array.isArray(content.fields) || same(content.fields, opened)) return;
      const dialog = open("draft");
      part(dialog, "at").textContent = at;
      part(dialog, "older").hidden = content.version === value("version");
      dialog.addEventListener("cancel", (event) => event.preventDefault());
      dialog.addEventListener("close", () => {
        dialog.remove();
        if (dialog.returnValue === "go-on") { restore(content.fields); dirty = true; later(); }
        else fetch(where, { method: "DELETE", headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" } }).catch(() => {});
      });
    }

    function restore(list) {
      for (const one of form.elements) {
        if (!one.name || one.type === "submit" || !kept(one.name)) continue;
        const given = list.filter(([name]) => name === one.name).map(([, text]) => text);
        const box = one.type === "checkbox" || one.type === "radio", before = [one.checked, one.value];
        if (box) one.checked = given.includes(one.value);
        else if (one.multiple && one.options) for (const option of one.options) option.selected = given.includes(option.value);
        else if (given.length) {
          const twins = [...form.elements].filter((other) => other.name === one.name);
          one.value = given[Math.min(twins.indexOf(one), given.length - 1)];
        }
        const quiet = one.type === "radio" ? !one.checked || before[0] : !one.multiple && same(before, [one.checked, one.value]);
        if (!quiet) for (const kind of ["input", "change"]) one.dispatchEvent(new Event(kind, { bubbles: true }));
      }
      form.dispatchEvent(new CustomEvent("safe-form:restored", { bubbles: true, detail: list }));
    }

    form.addEventListener("submit", async (event) => {
      if (form.getAttribute("method")?.toLowerCase() !== "post" || event.defaultPrevented) return;
      event.preventDefault();
      if (sending) return;
      dirty = true;
      const draft = keep(); // in case nobody comes back from the login
      sending = true;
      const button = event.submitter, body = () => new FormData(form, button);
      freeze(true, button);
      try { await send(body, button, draft); } finally {
        sending = false;
        freeze(false, button);
        if (failed && !form.saved && form.isConnected) again();
      }
    });

    // Nothing can be typed while it is under way: what was sent once may be written though no answer came.
    function freeze(yes, button) {
      form.setAttribute("aria-busy", yes);
      for (const one of form.children) if (!one.contains(line)) one.inert = yes;
      button?.[yes ? "setAttribute" : "removeAttribute"]("aria-disabled", "true");
      if (!yes && document.activeElement === document.body) button?.focus({ preventScroll: true });
    }

    async function send(body, button, draft) {
      let broken = 0, renewed = false;
      for (;;) {
        tell("sending");
        let answer;
        try {
          answer = await fetch(form.getAttribute("action") || location.href, { method: "POST", body: body(), headers: { "X-Requested-With": "fetch", "X-Safe-Form": key } });
        } catch { answer = null; }
        const status = answer?.status || 0;
        if (status === 500 && ++broken === 3) return tell("broken");
        if (status === 507) return tell("full");
        if (!answer || status >= 500) { tell("offline", AGAIN_S); await pause(AGAIN_S * 1000); continue; }
        if (status === 401 || status === 423) {
          if (await comeBack(status === 423 ? "unlock" : "login", answer.headers.get("X-Confirm"))) continue;
          return tell("waiting");
        }
        if (status === 403 && !renewed) { // perhaps only the token is old
          renewed = true;
          if (await renew()) continue;
        }
        return follow(answer, button, draft);
      }
    }

    async function follow(answer, button, draft) {
      const to = answer.headers.get("X-Leads-To");
      if (to || answer.redirected) {
        form.saved = true;
        failed = dirty = false;
        const next = new URL(to || answer.url, location.href);
        const here = next.pathname + next.search === location.pathname + location.search;
        location.assign(next);
        if (here && next.hash) location.reload();
        return undefined;
      }
      if (!(answer.headers.get("Content-Type") || "").startsWith("text/html")) return tell("refused", answer.status);
      const told = new DOMParser().parseFromString(await answer.text(), "text/html");
      const main = told.querySelector("main");
      if (!main || (!answer.ok && !main.querySelector("form[data-safe]"))) {
        return tell("refused", main?.querySelector("h1")?.textContent.trim() || answer.status);
      }
      if (told.querySelector("script:not([data-stays])")) {
        if (button?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
        form.saved = true;
        await draft;
        sessionStorage.setItem(ANSWERED, "1");
        return HTMLFormElement.prototype.submit.call(form);
      }
      const old = document.querySelector("main");
      old.replaceChildren(...document.importNode(main, true).childNodes);
      document.title = told.title;
      window.htmx?.process(old);
      start(old, false);
      const summary = old.querySelector(".error-summary, .banner-stop, [aria-invalid=true]") || old;
      if (summary.tabIndex < 0) summary.tabIndex = -1;
      summary.focus();
      return undefined;
    }

    if (fresh) offer().catch(() => {});
  }

  function open(name) {
    const dialog = document.getElementById(`safe-form-${name}`).content.firstElementChild.cloneNode(true);
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }

  // Makes up for a lock or a login that has ended, or asks once more who it is; whether it is made up for.
  function comeBack(name, confirm) {
    const dialog = open(name);
    if (confirm) for (const one of dialog.querySelectorAll("[data-confirm]")) one.textContent = one.dataset.confirm;
    const form = dialog.querySelector("form");
    return new Promise((done) => {
      let open = false;
      part(dialog, "close").addEventListener("click", () => dialog.close());
      dialog.addEventListener("close", () => { dialog.remove(); done(open); });
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const given = new URLSearchParams(new FormData(form)), secret = given.get("secret");
        if (secret !== null) { given.delete("secret"); given.set(/^\d{4,8}$/.test(secret) ? "pin" : "password", secret); }
        try {
          const { csrf: token } = await state();
          const answer = await fetch(form.action, { method: "POST", body: given, headers: { "X-CSRFToken": token, "X-Requested-With": "fetch" } });
          if (answer.ok) {
            takeCsrf(answer.headers.get("X-CSRF-Token") || (await state()).csrf);
            open = true;
            return dialog.close();
          }
          const more = await answer.json().catch(() => ({}));
          part(dialog, "error").textContent = more.message || words("wrong");
          if (more.address) {
            part(dialog, "elsewhere").hidden = false;
            part(dialog, "elsewhere").firstElementChild.href = more.address;
          }
        } catch { part(dialog, "error").textContent = words("offline", AGAIN_S); }
        return undefined;
      });
    });
  }

  const start = (root, fresh) => root.querySelectorAll("form[data-safe]").forEach((form) => watch(form, fresh));
  start(document, !answered);
  document.addEventListener("htmx:load", (event) => event.target.querySelectorAll && start(event.target, true));

  // Back to a page that the browser had put aside: nobody may see it who could not open it now, not for a moment, and
  // a saved form must not be sent again with its old mark.
  const show = (yes) => { document.documentElement.style.visibility = yes ? "" : "hidden"; };
  addEventListener("pagehide", (event) => { if (event.persisted) show(false); });
  addEventListener("pageshow", async (event) => {
    if (!event.persisted) return;
    if ([...document.forms].some((one) => one.saved)) return location.reload();
    try { if ((await state()).state !== "open") return location.reload(); } catch { /* the server is down; saving will tell */ }
    show(true);
    return undefined;
  });
})();
