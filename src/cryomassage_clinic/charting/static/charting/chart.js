// The chart: a tap on a zone remembers where, a chosen sign is moved by drag, arrow keys or buttons.
// Everything also works without this script: zones are links, and the form has a list of places.
"use strict";
(() => {
  const only = () => {
    const form = document.querySelector("[data-mark-form]");
    if (!form) return;
    const kind = form.querySelector("[name=kind]:checked");
    form.querySelectorAll("[data-only]").forEach((part) => { part.hidden = !kind || part.dataset.only !== kind.value; });
  };
  document.addEventListener("change", (event) => { if (event.target.name === "kind") only(); });
  only();

  document.querySelectorAll("[data-picker]").forEach((picker) => {
    const boxes = [...picker.querySelectorAll("input[type=checkbox]")];
    const show = () => boxes.forEach((box) => picker.querySelectorAll(`[data-zone="${box.value}"]`).forEach((zone) => zone.classList.toggle("zone-chosen", box.checked)));
    picker.addEventListener("click", (event) => {
      const zone = event.target.closest("[data-zone]");
      const box = zone && boxes.find((one) => one.value === zone.dataset.zone);
      if (box) { box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); }
    });
    picker.addEventListener("change", show);
    show();
  });

  const svg = document.querySelector("[data-chart]");
  if (!svg) return;
  const box = svg.viewBox.baseVal;
  const shareOf = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x / box.width, point.y / box.height].map((value) => Math.min(1, Math.max(0, value)));
  };
  svg.addEventListener("click", (event) => {
    const link = event.target.closest("[data-zone-link]");
    if (!link || event.detail === 0) return;  // by keyboard: the middle of the zone
    event.preventDefault();
    const address = new URL(link.getAttribute("href"), location.href);
    const [x, y] = shareOf(event);
    address.searchParams.set("x", x.toFixed(4));
    address.searchParams.set("y", y.toFixed(4));
    location.assign(address);
  });

  const zoom = document.querySelector("[data-zoom]");
  if (zoom) {
    const scroll = document.querySelector(".chart-scroll");
    let step = 0;
    zoom.hidden = false;
    zoom.addEventListener("click", (event) => {
      const by = event.target.closest("[data-zoom-by]");
      if (!by) return;
      scroll.classList.remove(`zoom-${step}`);
      step = Math.min(2, Math.max(0, step + Number(by.dataset.zoomBy)));
      if (step) scroll.classList.add(`zoom-${step}`);
    });
  }

  const form = document.querySelector("[data-mark-form]");
  if (!form) return;
  const [x, y, place] = ["x", "y", "place"].map((name) => form.elements[name]);
  const link = svg.querySelector("[data-chosen]");
  const sign = link ? link.querySelector(".sign") : svg.querySelector("[data-new-sign]");
  const put = (atX, atY) => {
    x.value = Math.min(1, Math.max(0, atX)).toFixed(4);
    y.value = Math.min(1, Math.max(0, atY)).toFixed(4);
    place.value = "tapped";
    draw();
  };
  const draw = () => {
    const shown = place.value === "tapped" && x.value !== "" && y.value !== "";
    if (!link) sign.toggleAttribute("hidden", !shown);
    if (shown) sign.setAttribute("transform", `translate(${x.value * box.width} ${y.value * box.height})`);
  };
  const by = (across, down) => {
    if (x.value === "" || y.value === "") {
      const zone = svg.querySelector(".zone-chosen").getBBox();
      put((zone.x + zone.width / 2) / box.width, (zone.y + zone.height / 2) / box.height);
    }
    put(Number(x.value) + across * 0.01, Number(y.value) + down * 0.01);
  };
  place.addEventListener("change", draw);
  const nudge = form.querySelector("[data-nudge]");
  nudge.hidden = false;
  nudge.addEventListener("click", (event) => {
    const button = event.target.closest("[data-nudge-by]");
    if (button) by(...button.dataset.nudgeBy.split(" ").map(Number));
  });
  if (link) {
    const keys = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    let moved = false;
    link.addEventListener("keydown", (event) => { if (keys[event.key]) { event.preventDefault(); by(...keys[event.key]); } });
    link.addEventListener("pointerdown", (event) => { moved = false; link.setPointerCapture(event.pointerId); event.preventDefault(); });
    link.addEventListener("pointermove", (event) => { if (link.hasPointerCapture(event.pointerId)) { moved = true; put(...shareOf(event)); } });
    link.addEventListener("click", (event) => { if (moved) event.preventDefault(); });
    link.addEventListener("dragstart", (event) => event.preventDefault());
  }
  draw();
})();
