// Turns the questionnaire into pages: a group at a time on a tablet, one question at a time on a phone.
// Without this script everything stands on one page and can be sent all the same.
"use strict";
(() => {
  const form = document.querySelector("form[data-pages]");
  if (!form) return;
  const head = form.querySelector("[data-head]");
  const words = form.querySelector("[data-words]");
  const bar = form.querySelector("[data-bar]");
  const back = form.querySelector("[data-back]");
  const next = form.querySelector("[data-next]");
  const save = form.querySelector("[data-save]");
  const opening = document.querySelector("[data-opening]");
  const groups = [...form.querySelectorAll("[data-group]")];
  const narrow = window.matchMedia("(max-width: 700px)");
  let pages = [];
  let at = 0;
  let spot = null; // the question that was last at hand; a tablet that is turned twice comes back to it

  const heading = (page) => page.group.querySelector("h2");

  function divide() {
    pages = [];
    for (const group of groups) {
      const questions = [...group.querySelectorAll("[data-question]")];
      if (narrow.matches && !group.hasAttribute("data-whole")) {
        for (const question of questions) pages.push({ group, shown: [question], questions });
      } else {
        pages.push({ group, shown: questions, questions });
      }
    }
  }

  function show(to, focus) {
    at = Math.min(Math.max(to, 0), pages.length - 1);
    const page = pages[at];
    for (const group of groups) group.hidden = group !== page.group;
    for (const question of page.questions) question.hidden = !page.shown.includes(question);
    const last = at === pages.length - 1;
    head.hidden = pages.length < 2;
    if (opening) opening.hidden = at > 0;
    words.textContent = form.dataset.progress.replace("%(at)s", at + 1).replace("%(of)s", pages.length);
    bar.max = pages.length;
    bar.value = at + 1;
    back.hidden = at === 0;
    next.hidden = last;
    save.hidden = !last;
    if (focus) {
      heading(page).focus({ preventScroll: true });
      head.scrollIntoView({ block: "start" });
    }
  }

  function pageOf(element) {
    const question = element.closest("[data-question]");
    return pages.findIndex((page) => (question ? page.shown.includes(question) : page.group.contains(element)));
  }

  function open(element) {
    const page = pageOf(element);
    if (page < 0) return;
    show(page, false);
    const folded = element.closest("details.still");
    if (folded) folded.open = true;
    element.scrollIntoView({ block: "center" });
    const field = element.querySelector("input");
    if (field) field.focus({ preventScroll: true });
  }

  function openAnchor() {
    const named = location.hash.startsWith("#q-") ? document.getElementById(location.hash.slice(1)) : null;
    if (named && form.contains(named)) open(named);
    return Boolean(named);
  }

  next.addEventListener("click", () => show(at + 1, true));
  back.addEventListener("click", () => show(at - 1, true));
  narrow.addEventListener("change", () => {
    const { shown } = pages[at];
    if (!shown.includes(spot)) [spot] = shown;
    divide();
    show(spot ? pageOf(spot) : 0, false);
  });
  form.addEventListener("focusin", (event) => { spot = event.target.closest("[data-question]") || spot; });
  window.addEventListener("hashchange", openAnchor);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#q-"]');
    const named = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!named) return;
    event.preventDefault();
    open(named);
  });
  // Enter in a field leads on; it does not send half of the answers.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || at === pages.length - 1) return;
    event.preventDefault();
    show(at + 1, true);
  });
  // A day that is typed is the answer.
  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-date]") || !event.target.value) return;
    const tile = event.target.closest(".choices").querySelector('input[value="date"]');
    tile.checked = true;
  });
  form.addEventListener("change", (event) => {
    if (event.target.type !== "radio" || event.target.value === "date") return;
    const day = event.target.closest("[data-question]").querySelector("[data-date]");
    if (day) day.value = "";
  });

  divide();
  show(0, false);
  const wrong = form.querySelector('[data-question][aria-invalid="true"]');
  if (!openAnchor() && wrong) show(pageOf(wrong), false);
})();
