// Small things of the login pages: guess the time zone, show what is typed into a password, say when a passkey failed.
"use strict";
(() => {
  const zone = document.querySelector("[data-guess-zone]");
  if (zone && (zone.value === "UTC" || zone.value === "Europe/London")) {
    const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if ([...zone.options].some((one) => one.value === guess)) zone.value = guess;
  }
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const told = document.querySelector("[data-passkey-error]");
    if (told) told.hidden = false;
  });
})();
