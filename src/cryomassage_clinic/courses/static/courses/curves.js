// Draws the curves of two plans on the same axis. The same figures stand in a table, for whoever cannot see the chart.
"use strict";
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Both plans on one ascending row of times; a plan has no value where it was not computed.
  function merged(plans) {
    const times = [...new Set(plans.flatMap((plan) => (plan ? plan.time_s : [])))].sort((one, other) => one - other);
    const rows = plans.map((plan) => {
      if (!plan) return times.map(() => null);
      const known = new Map(plan.time_s.map((time, index) => [time, plan.surface.p50[index]]));
      return times.map((time) => (known.has(time) ? known.get(time) : null));
    });
    const floors = plans.map((plan) => times.map(() => (plan ? plan.floor : null)));
    return [times, ...rows, ...floors];
  }

  function draw(place) {
    const told = JSON.parse(document.getElementById(place.dataset.curves).textContent);
    const ink = colour("--ink-soft");
    const axis = { stroke: ink, grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
    const line = (label, stroke, dash, width) => ({
      label, stroke, dash, width, spanGaps: true, points: { show: false },
      value: (_chart, value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} °C`),
    });
    const size = () => ({ width: place.clientWidth, height: 300 });
    const chart = new uPlot({
      ...size(),
      scales: { x: { time: false }, y: { range: told.axis } },
      axes: [{ ...axis, label: place.dataset.seconds, labelSize: 24 }, { ...axis, label: "°C", labelSize: 24 }],
      series: [
        { label: place.dataset.seconds, value: (_chart, value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} s`) },
        line(place.dataset.first, colour("--cold"), undefined, 2.5),
        line(place.dataset.second, colour("--ink"), [8, 5], 2),
        line(`${place.dataset.floor} 1`, colour("--stop"), undefined, 2),
        line(`${place.dataset.floor} 2`, colour("--stop"), [8, 5], 2),
      ],
    }, merged(told.plans), place);
    new ResizeObserver(() => chart.setSize(size())).observe(place);
  }

  document.querySelectorAll("[data-curves]").forEach(draw);
})();
