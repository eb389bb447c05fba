// A pad to sign on, by finger, pen or mouse. Strokes are kept in shares of the pad in a hidden field, so that turning
// the tablet draws them again, a draft carries them, and coming back finds them. Without this script there is no pad.
"use strict";
(() => {
  const MOST_POINTS = 4000, MOST_STROKES = 200, NEAR_PX = 1.5, PALM_MS = 3000, SVG = "http://www.w3.org/2000/svg";

  function watch(pad) {
    const form = pad.closest("form"), field = form.elements.strokes, surface = pad.querySelector("[data-surface]");
    const lines = pad.querySelector("[data-lines]"), state = form.querySelector("[data-pad-state]");
    const [, , width, height] = surface.getAttribute("viewBox").split(" ").map(Number);
    let strokes = [], drawn = "", pointer = null, open = false, began = 0, last = null, penAt = -Infinity, full = false;

    const count = () => strokes.reduce((sum, stroke) => sum + stroke.length, 0);
    const spots = (stroke) => (stroke.length > 1 ? stroke : [stroke[0], stroke[0]])
      .map(([x, y]) => `${(x * width).toFixed(1)},${(y * height).toFixed(1)}`).join(" ");

    function read() {
      if (field.value === drawn) return;
      drawn = field.value;
      try { strokes = JSON.parse(drawn || "[]"); } catch { strokes = []; }
      if (!Array.isArray(strokes) || !strokes.every((one) => Array.isArray(one) && one.length && one.every(Array.isArray))) strokes = [];
      draw();
    }

    function draw() {
      lines.replaceChildren(...strokes.map((stroke) => {
        const line = document.createElementNS(SVG, "polyline");
        line.setAttribute("points", spots(stroke));
        return line;
      }));
      tell();
    }

    function tell() {
      const number = strokes.length;
      state.textContent = full ? pad.dataset.full : !number ? pad.dataset.empty
        : number === 1 ? pad.dataset.strokesOne : pad.dataset.strokesMany.replace("{0}", number);
    }

    // Every finished stroke goes into the field at once, so that nothing is lost whatever happens next.
    function keep() {
      field.value = drawn = strokes.length ? JSON.stringify(strokes) : "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      tell();
    }

    function add(event) {
      const box = surface.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
      if (x < 0 || x > 1 || y < 0 || y > 1) { open = false; return; } // off the pad the line ends; back on it, a new one begins
      if (open && Math.hypot(event.clientX - last[0], event.clientY - last[1]) < NEAR_PX) return;
      if (count() >= MOST_POINTS || (!open && strokes.length >= MOST_STROKES)) { full = true; return; }
      began ||= event.timeStamp;
      const point = [Number(x.toFixed(4)), Number(y.toFixed(4)), Math.max(0, Math.round(event.timeStamp - began))];
      if (!open) {
        strokes.push([]);
        lines.append(document.createElementNS(SVG, "polyline"));
        open = true;
      }
      strokes.at(-1).push(point);
      last = [event.clientX, event.clientY];
      lines.lastElementChild.setAttribute("points", spots(strokes.at(-1)));
    }

    surface.addEventListener("pointerdown", (event) => {
      if (pointer !== null || event.button !== 0) return;
      if (event.pointerType === "pen") penAt = event.timeStamp;
      else if (event.pointerType === "touch" && event.timeStamp - penAt < PALM_MS) return; // the hand that holds the pen
      event.preventDefault();
      surface.setPointerCapture(event.pointerId);
      pointer = event.pointerId;
      open = false;
      add(event);
    });
    surface.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pointer) return;
      if (event.pointerType === "pen") penAt = event.timeStamp;
      const between = event.getCoalescedEvents?.() ?? [];
      (between.length ? between : [event]).forEach(add);
    });
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
      surface.addEventListener(kind, (event) => {
        if (event.pointerId !== pointer) return;
        pointer = null;
        open = false;
        keep();
      });
    }
    // Browsers that scroll in spite of `touch-action` stop here.
    surface.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });

    form.querySelector("[data-undo]").addEventListener("click", () => { strokes.pop(); full = false; draw(); keep(); });
    form.querySelector("[data-clear]").addEventListener("click", () => { strokes = []; began = 0; full = false; draw(); keep(); });
    form.addEventListener("safe-form:restored", read); // a draft was put back
    addEventListener("pageshow", read); // the browser puts fields back after the script has run
    read();
    tell();
  }

  document.querySelectorAll("[data-pad]").forEach(watch);
})();
