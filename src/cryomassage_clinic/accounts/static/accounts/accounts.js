// Small things of the login pages: guess the time zone, show what is typed into a password, say when a passkey failed.
"use strict";
(() => {
  const zone = document.querySelector("[data-guess-zone]");
  if (zone && (zone.value === "UTC" || zone.value === "Europe/London")) {
    const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if ([...zone.options].some((one) => one.value === guess)) zone.value = guess;
  }
  document.querySelectorAll("[data-shows]").forEach((button) => {
    const field = document.getElementById(button.dataset.shows), show = button.textContent;
    if (!field) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.textContent = shown ? show : button.dataset.hide;
    });
    // Sent as a password, so that the browser does not offer it among the words that were typed here before.
    field.form?.addEventListener("submit", () => { field.type = "password"; });
  });
  document.querySelectorAll("[data-select-all]").forEach((field) => field.addEventListener("focus", () => field.select()));
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const told = document.querySelector("[data-passkey-error]");
    if (told) told.hidden = false;
  });
})();
