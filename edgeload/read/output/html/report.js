/* The charts and tables of report.html: axes and values with uPlot, linked zoom, sorting, printing.

   What is shown is decided in edgeload/read/figures; see chart.py, and drawing.js for the canvas. */
"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const groups = new Map();
  const full = new Map();
  const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
  const { FONT } = drawing;

  const plain = (value) => {
    if (value == null) return "–";
    if (value === 0) return "0";
    const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
    return Math.abs(value) < 1 ? String(Number(value.toPrecision(3))) : value.toFixed(digits);
  };
  const short = (value) => (value == null ? "" : String(Number(value.toPrecision(6))));
  const percent = (x) => `${Number((100 * (1 - Math.pow(10, -x))).toFixed(4))} %`;

  /* What stands under the pointer: the place on the x axis, and why a step's points are hollow. */
  const shown = (chart, x, place) => {
    if (x == null) return "–";
    if (chart.group === "share") return percent(x);
    const whys = new Set(chart.lines.flatMap((line) => line.hollow).filter((point) => point.place === place).map((point) => point.why));
    return [chart.group === "time" ? `${plain(x)} s` : plain(x), ...whys].join(", ");
  };

  /* What an open end means: at least so much. */
  const reach = (low, high, unit) => (low == null ? "–" : `${plain(low)} ${high == null ? "or more" : `to ${plain(high)}`} ${unit}`);

  const valueOf = (chart, line) => {
    const never = new Set(line.never);
    return (plot, drawn, series, place) => {
      if (place == null) return "–";
      if (never.has(place)) return "never";
      const value = line.values[place];
      if (line.kind === "ground") return reach(line.low[place], line.high[place], chart.unit);
      return value == null ? "–" : `${plain(value)} ${chart.unit}`;
    };
  };

  /* Which band of the heat map is under the pointer, and its share of what was due there. */
  const bandOf = (chart) => (plot, value, series, place) => {
    const top = plot.cursor.top;
    if (place == null || top == null || top < 0) return "–";
    const time = plot.posToVal(top, "y");
    const { bands, permille } = chart.heat;
    const band = bands.findIndex((edge, i) => edge <= time && time < bands[i + 1]);
    return band < 0 ? "–" : `${plain(time)} ms: ${plain(permille[band][place] / 10)} %`;
  };

  /* All charts of a group show one stretch of their x axis; a drag, uPlot's sync hands on itself. */
  const zoom = (group, min, max) => {
    for (const plot of groups.get(group)) {
      const { x } = plot.scales;
      if (x.min !== min || x.max !== max) plot.setScale("x", { min, max });
    }
  };

  const heightFor = (chart, width) => (chart.part ? 220 : width < 700 ? 240 : 300);

  /* The chart's own limits; while only a part is shown, those of what is shown. */
  const yRange = (chart) => (plot, min, max) => {
    const { low, high, log } = chart.y_axis;
    const [first, last] = plot.stretch; // the x axis, whose range uPlot asks for first
    const whole = first === chart.x_axis.low && last === chart.x_axis.high;
    if (chart.heat || min == null || (whole && plot.series.every((series) => series.show))) return [low, high];
    if (low > 0 && !log) return [low, high]; // a part of an axis stays that part
    if (!log) return [0, max > 0 ? max * 1.08 : 1];
    const marks = chart.marks.filter((mark) => mark.y != null).map((mark) => mark.y);
    const [least, most] = [Math.min(min, ...marks), Math.max(max, ...marks)];
    return least > 0 ? [Math.max(least / 1.4, low), Math.max(most * 1.8, least * 4)] : [low, high];
  };

  /* Bars, planned stairs, grounds and lines with signs are drawn by drawing.js, not by uPlot. */
  const seriesOf = (chart, line) => ({
    label: line.label,
    stroke: line.colour,
    width: line.width,
    dash: line.dash,
    spanGaps: line.joined,
    paths: line.kind === "line" && !line.sign ? uPlot.paths.linear() : () => null,
    points: { show: line.point_size > 0, size: line.point_size, width: 0, fill: line.colour },
    value: valueOf(chart, line),
  });

  const colourOf = (chart, i) => (chart.heat ? chart.heat.colours[chart.heat.colours.length - 1] : chart.lines[i - 1].colour);

  /* The map's shares are read under the pointer: a series without a line. */
  const heatSeries = (chart) => ({ label: chart.heat.label, stroke: colourOf(chart, 1), paths: () => null, points: { show: false }, value: bandOf(chart) });

  /* Round numbers of a logarithmic axis of which a part is shown; scales.py has the same rule. */
  const logSplits = (min, max) => {
    const decades = Math.log10(max / min);
    const steps = decades > 3.5 ? [1] : decades > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 5, 7];
    const splits = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
      splits.push(...steps.map((step) => Number(`${step}e${power}`)));
    }
    return splits.filter((value) => value >= min && value <= max);
  };

  /* The labels of an x axis; none where it would touch the one before. */
  const thinned = (plot, splits, labelOf) => {
    let free = -Infinity;
    return splits.map((at) => {
      const half = labelOf(at).length * 3.5;
      const middle = plot.valToPos(at, "x");
      if (middle - half < free) return "";
      free = middle + half + 4;
      return labelOf(at);
    });
  };

  /* The ticks that the axis names, as far as they are shown; else uPlot's choice. */
  const ticksOf = (axis) => {
    if (axis.log) {
      const whole = (min, max) => min === axis.low && max === axis.high;
      return {
        splits: (plot, i, min, max) => (whole(min, max) ? axis.ticks.map((tick) => tick.at) : logSplits(min, max)),
        filter: (plot, splits) => splits,
        values: (plot, splits) => splits.map(short),
      };
    }
    if (!axis.ticks.length) return { values: (plot, splits) => splits.map(short), incrs: axis.whole ? WHOLE : undefined };
    const labels = new Map(axis.ticks.map((tick) => [tick.at, tick.label]));
    return {
      splits: (plot, i, min, max) => [...labels.keys()].filter((at) => at >= min && at <= max),
      values: (plot, splits) => thinned(plot, splits, (at) => labels.get(at)),
    };
  };

  const options = (chart, holder, width) => ({
    width,
    height: heightFor(chart, width),
    padding: [chart.spans.length ? 24 : 8, 14, 0, 0],
    focus: { alpha: 0.35 },
    scales: {
      x: { time: false, range: (plot, min, max) => (plot.stretch = [min, max]) },
      y: { distr: chart.y_axis.log ? 3 : 1, range: yRange(chart) },
    },
    axes: [
      { label: chart.x_axis.label, labelSize: 22, labelFont: FONT, font: FONT, size: 34, stroke: "#444444", grid: { stroke: "#e4e7eb", width: 1 }, ticks: { stroke: "#b5bcc4", size: 5 }, ...ticksOf(chart.x_axis) },
      { font: FONT, size: 58, stroke: "#444444", grid: { stroke: "#e4e7eb", width: 1, show: !chart.heat }, ticks: { stroke: "#b5bcc4", size: 5 }, ...ticksOf(chart.y_axis) },
    ],
    series: [
      { label: chart.group, value: (plot, x, series, place) => shown(chart, x, place) },
      ...(chart.heat ? [heatSeries(chart)] : []),
      ...chart.lines.map((line) => seriesOf(chart, line)),
    ],
    cursor: {
      sync: { key: chart.group, setSeries: false, scales: ["x", null] },
      drag: { x: true, y: false, setScale: true },
      points: { size: 7 },
      bind: { dblclick: () => () => zoom(chart.group, ...full.get(chart.group)) },
    },
    legend: { live: true, markers: { fill: (plot, i) => (i ? colourOf(chart, i) : null) }, mount: (plot, legend) => holder.querySelector(".legend").append(legend) },
    hooks: {
      drawClear: [(plot) => drawing.below(plot, chart)],
      drawAxes: [(plot) => drawing.bars(plot, chart)],
      draw: [(plot) => drawing.above(plot, chart)],
    },
  });

  /* Names in the legend are switches: for the mouse, the keyboard and a screen reader. */
  const switches = (holder, plot) => {
    holder.querySelectorAll(".u-series th").forEach((name, i) => {
      if (i === 0) return;
      name.tabIndex = 0;
      name.setAttribute("role", "switch");
      const tell = () => name.setAttribute("aria-checked", String(plot.series[i].show));
      tell();
      name.addEventListener("click", () => requestAnimationFrame(tell));
      name.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        name.click();
      });
    });
  };

  /* Samples of signs have the colours of the chart: the policy forbids colours in the markup. */
  const colourKeys = (holder, chart) => {
    chart.keys.forEach((key, i) => holder.querySelectorAll(".sample")[i].style.setProperty("--colour", key.colour));
    if (chart.heat) holder.querySelectorAll(".ramp span").forEach((box, i) => box.style.setProperty("background", chart.heat.colours[i]));
  };

  /* What uPlot draws or scales by: the tops of bars, the values of lines. */
  const topsOf = (line) => line.values.map((value, place) => (value == null || !line.base.length ? value : value + line.base[place]));

  const build = (chart) => {
    const holder = document.getElementById(`figure-${chart.name}`);
    const place = holder.querySelector(".plot");
    const data = [chart.x, ...(chart.heat ? [Array(chart.x.length).fill(null)] : []), ...chart.lines.map(topsOf)];
    if (!full.has(chart.group)) full.set(chart.group, [chart.x_axis.low, chart.x_axis.high]);
    const plot = new uPlot(options(chart, holder, place.clientWidth), data, place);
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `${chart.title}. ${chart.y_axis.label} against ${chart.x_axis.label}`);
    switches(holder, plot);
    colourKeys(holder, chart);
    plot.place = place;
    plot.chart = chart;
    if (!groups.has(chart.group)) groups.set(chart.group, []);
    groups.get(chart.group).push(plot);
    return plot;
  };

  const plots = new Map(charts.map((chart) => [chart.name, build(chart)]));
  for (const [group, [min, max]] of full) zoom(group, min, max);

  // While printing, charts keep the width of paper, whatever the window's layout does meanwhile.
  let paper = 0;
  const fit = () => {
    for (const plot of plots.values()) {
      const wanted = (plot.chart.half ? paper / 2 : paper) || plot.place.clientWidth;
      if (wanted && plot.width !== wanted) plot.setSize({ width: wanted, height: heightFor(plot.chart, wanted) });
    }
  };
  const print = (width) => () => {
    paper = width;
    fit();
  };
  new ResizeObserver(fit).observe(document.querySelector("main"));
  window.addEventListener("beforeprint", print(680));
  window.addEventListener("afterprint", print(0));

  document.getElementById("zoom").addEventListener("change", (event) => {
    if (!groups.has("time")) return;
    const { value } = event.target;
    zoom("time", ...(value ? value.split(",").map(Number) : full.get("time")));
  });

  /* Tables sort by the cells' values: numbers as numbers, no data last. */
  const compare = (a, b) => {
    if (a === "" || b === "") return a === b ? 0 : null;
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  for (const table of document.querySelectorAll("table.sorts")) {
    const heads = [...table.tHead.rows[0].cells];
    // A head without a button stands over rows that belong together and stay in their order.
    heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value;
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const order = compare(value(a), value(b));
        if (order === null) return value(a) === "" ? 1 : -1;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    }));
  }

  // For tests, and for who wants to look at the numbers in the browser's console.
  window.report = { charts, plots, groups };
})();
