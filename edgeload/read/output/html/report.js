/* The figures and tables of report.html: drawing with uPlot, linked zoom, sorting, printing. */
"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const groups = new Map();
  const full = new Map();
  // Cividis, from light to dark: few to many.
  const HEAT = ["#fee838", "#e1cc55", "#c3b369", "#a59c74", "#8a8678", "#707173", "#575d6d", "#3b496c", "#123570", "#00224e"];
  const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
  const FONT = "12px system-ui, sans-serif";

  const plain = (value) => {
    if (value == null) return "–";
    if (value === 0) return "0";
    const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
    return Math.abs(value) < 1 ? String(Number(value.toPrecision(3))) : value.toFixed(digits);
  };
  const short = (value) => (value == null ? "" : String(Number(value.toPrecision(6))));
  const percent = (x) => `${Number((100 * (1 - Math.pow(10, -x))).toFixed(4))} %`;

  const shown = (figure, x) => {
    if (x == null) return "–";
    if (figure.group === "share") return percent(x);
    return figure.group === "time" ? `${plain(x)} s` : plain(x);
  };

  const valueOf = (figure, line) => {
    const never = new Set(line.never);
    return (plot, value, series, place) => {
      if (place == null) return "–";
      if (never.has(place)) return "never";
      return value == null ? "–" : `${plain(value)} ${figure.unit}`;
    };
  };

  /* Which band of the heat map is under the pointer, and its share of what was due there. */
  const bandOf = (figure) => (plot, value, series, place) => {
    const top = plot.cursor.top;
    if (place == null || top == null || top < 0) return "–";
    const time = plot.posToVal(top, "y");
    const bands = figure.heat.bands;
    const band = bands.findIndex((edge, i) => edge <= time && time < bands[i + 1]);
    return band < 0 ? "–" : `${plain(time)} ms: ${plain(figure.heat.permille[band][place] / 10)} %`;
  };

  const clipped = (plot, draw) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    const air = 5 * uPlot.pxRatio; // a point on the edge is a point all the same
    ctx.rect(bbox.left - air, bbox.top, bbox.width + 2 * air, bbox.height + air);
    ctx.clip();
    ctx.setLineDash([]); // the last series may have left its own
    draw(ctx, bbox);
    ctx.restore();
  };

  const hatch = (ctx, left, right, bbox) => {
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.strokeStyle = "#d0d0d0";
    ctx.lineWidth = uPlot.pxRatio;
    ctx.beginPath();
    const gap = 10 * uPlot.pxRatio;
    for (let x = left - bbox.height; x < right; x += gap) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  };

  const drawHeat = (plot, figure) => clipped(plot, (ctx) => {
    const { edges, bands, permille } = figure.heat;
    const most = Math.max(1, ...permille.map((row) => Math.max(...row)));
    const xs = edges.map((edge) => Math.round(plot.valToPos(edge, "x", true)));
    const ys = bands.map((edge) => Math.round(plot.valToPos(edge, "y", true)));
    permille.forEach((row, band) => row.forEach((count, place) => {
      if (!count) return;
      ctx.fillStyle = HEAT[Math.round(Math.sqrt(count / most) * (HEAT.length - 1))];
      ctx.fillRect(xs[place], ys[band + 1], xs[place + 1] - xs[place], ys[band] - ys[band + 1]);
    }));
  });

  const drawBelow = (plot, figure) => {
    if (figure.heat) drawHeat(plot, figure);
    clipped(plot, (ctx, bbox) => {
      for (const span of figure.spans) {
        const left = plot.valToPos(span.start, "x", true);
        const right = plot.valToPos(span.end, "x", true);
        if (span.shade === "saturated") {
          ctx.fillStyle = "#f9e6da";
          ctx.fillRect(left, bbox.top, right - left, bbox.height);
        }
        if (span.shade === "doubtful") hatch(ctx, left, right, bbox);
        ctx.fillStyle = figure.heat ? "#444444" : "#b5bcc4";
        if (span !== figure.spans[0]) ctx.fillRect(left, bbox.top, uPlot.pxRatio, bbox.height);
      }
      for (const mark of figure.marks) {
        ctx.fillStyle = mark.colour;
        ctx.globalAlpha = 0.55;
        if (mark.x != null) ctx.fillRect(plot.valToPos(mark.x, "x", true) - 1.5, bbox.top, 3 * uPlot.pxRatio, bbox.height);
        if (mark.y != null) ctx.fillRect(bbox.left, plot.valToPos(mark.y, "y", true) - 1, bbox.width, 2 * uPlot.pxRatio);
        ctx.globalAlpha = 1;
      }
    });
  };

  /* What the plan asked for, as the stairs that it was: exact to the step, not to the window. */
  const drawDue = (plot, figure) => clipped(plot, (ctx) => {
    const place = figure.lines.findIndex((line) => line.planned);
    if (place < 0 || !plot.series[place + 1].show) return;
    ctx.strokeStyle = figure.lines[place].colour;
    ctx.lineWidth = 1.25 * uPlot.pxRatio;
    ctx.beginPath();
    for (const span of figure.spans.filter((each) => each.due != null)) {
      const y = plot.valToPos(span.due, "y", true);
      ctx.lineTo(plot.valToPos(span.start, "x", true), y);
      ctx.lineTo(plot.valToPos(span.end, "x", true), y);
    }
    ctx.stroke();
  });

  /* Above the axes: how many clients each step had; as many as there is room for. */
  const drawClients = (plot, figure) => {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.font = FONT.replace("12px", `${12 * ratio}px`);
    ctx.fillStyle = "#57606a";
    ctx.textBaseline = "bottom";
    ctx.textAlign = "right";
    ctx.fillText("clients", bbox.left - 4 * ratio, bbox.top - 8 * ratio);
    ctx.textAlign = "center";
    let free = bbox.left;
    for (const span of figure.spans) {
      const left = Math.max(bbox.left, plot.valToPos(span.start, "x", true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(span.end, "x", true));
      const half = ctx.measureText(span.clients).width / 2;
      const middle = (left + right) / 2;
      if (right <= left || middle - half < free) continue;
      ctx.fillText(span.clients, middle, bbox.top - 8 * ratio);
      free = middle + half + 8 * ratio;
    }
    ctx.restore();
  };

  /* Hollow points, crosses for what was never answered, and the marks' names. */
  const drawAbove = (plot, figure) => {
    if (figure.spans.length) drawClients(plot, figure);
    drawDue(plot, figure);
    clipped(plot, (ctx, bbox) => {
      const ratio = uPlot.pxRatio;
      figure.lines.forEach((line, i) => {
        if (!plot.series[i + 1].show) return;
        ctx.strokeStyle = line.colour;
        ctx.lineWidth = 1.5 * ratio;
        ctx.fillStyle = "#ffffff";
        for (const place of line.hollow) {
          if (line.wide || line.values[place] == null) continue;
          ctx.beginPath();
          ctx.arc(plot.valToPos(figure.x[place], "x", true), plot.valToPos(line.values[place], "y", true), (line.point_size / 2) * ratio, 0, 7);
          ctx.fill();
          ctx.stroke();
        }
        for (const place of line.never) {
          // A curve by share never comes back: one cross says it.
          if (figure.group === "share" && place !== line.never[0]) continue;
          const x = plot.valToPos(figure.x[place], "x", true);
          const y = bbox.top + (8 + 5 * i) * ratio;
          const arm = 3 * ratio;
          ctx.beginPath();
          ctx.moveTo(x - arm, y - arm);
          ctx.lineTo(x + arm, y + arm);
          ctx.moveTo(x + arm, y - arm);
          ctx.lineTo(x - arm, y + arm);
          ctx.stroke();
        }
      });
      ctx.font = FONT.replace("12px", `${12 * ratio}px`);
      ctx.textBaseline = "top";
      for (const mark of figure.marks) {
        ctx.fillStyle = mark.colour;
        ctx.textAlign = mark.x != null ? "right" : "left";
        const x = mark.x != null ? plot.valToPos(mark.x, "x", true) - 6 * ratio : bbox.left + 6 * ratio;
        const foot = figure.log ? bbox.top + 4 * ratio : bbox.top + bbox.height - 18 * ratio;
        const y = mark.x != null ? foot : plot.valToPos(mark.y, "y", true) + 3 * ratio;
        ctx.fillText(mark.label, x, y);
      }
    });
  };

  /* All figures of a group show one stretch of their x axis; a drag, uPlot's sync hands on itself. */
  const zoom = (group, min, max) => {
    for (const plot of groups.get(group)) {
      const { x } = plot.scales;
      if (x.min !== min || x.max !== max) plot.setScale("x", { min, max });
    }
  };

  const heightFor = (width) => (width < 700 ? 240 : 300);

  const yRange = (figure) => (plot, min, max) => {
    if (figure.heat) return [figure.heat.bands[0], figure.heat.bands[figure.heat.bands.length - 1]];
    const marks = figure.marks.filter((mark) => mark.y != null).map((mark) => mark.y);
    const least = Math.max(min ?? figure.y_low, figure.y_low ?? min);
    const low = Math.min(...[least, ...marks].filter((value) => value != null));
    const high = Math.max(...[max, ...marks].filter((value) => value != null));
    if (!figure.log) return [0, high > 0 && Number.isFinite(high) ? high * 1.08 : 1];
    return Number.isFinite(low) && low > 0 ? [low / 1.4, Math.max(high * 1.8, low * 4)] : [1, 1000];
  };

  /* Lines that have values to read but are drawn otherwise. */
  const unseen = (figure, line) => line.planned || figure.heat;

  const seriesOf = (figure, line, first) => ({
    label: line.label,
    stroke: line.colour,
    width: line.wide ? 5 : 1.75,
    dash: line.dash,
    alpha: line.wide ? 0.45 : 1,
    fill: line.stepped ? `${line.colour}30` : null,
    paths: line.stepped ? uPlot.paths.stepped({ align: 1 }) : unseen(figure, line) ? () => null : uPlot.paths.linear(),
    points: { show: line.point_size > 0 || (!line.stepped && !unseen(figure, line) && figure.x.length <= 40), size: line.point_size || 5, fill: line.colour },
    value: figure.heat && first ? bandOf(figure) : valueOf(figure, line),
  });

  const xSplits = (figure) => (figure.group !== "share" ? {} : {
    splits: (plot, axis, min, max) => [0, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.99999, 0.999999]
      .map((share) => -Math.log10(1 - share)).filter((x) => x >= min && x <= max + 1e-9),
    values: (plot, splits) => splits.map(percent),
  });

  /* Round numbers of a logarithmic axis: at 1, 2 and 5, fewer over many decades, more over less than one. */
  const logSplits = (plot, axis, min, max) => {
    const decades = Math.log10(max / min);
    const steps = decades > 3.5 ? [1] : decades > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
    const splits = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
      splits.push(...steps.map((step) => step * Math.pow(10, power)));
    }
    return splits.filter((value) => value >= min && value <= max);
  };

  const yTicks = (figure) => (figure.log ? { splits: logSplits, filter: (plot, splits) => splits } : {});

  const options = (figure, holder, width) => ({
    width,
    height: heightFor(width),
    padding: [figure.spans.length ? 24 : 8, 14, 0, 0],
    focus: { alpha: 0.35 },
    scales: {
      x: { time: false, range: (plot, min, max) => [min, max] },
      y: { distr: figure.log ? 3 : 1, range: yRange(figure) },
    },
    axes: [
      { label: figure.x_label, labelSize: 22, labelFont: FONT, font: FONT, size: 34, stroke: "#444444", grid: { stroke: "#e4e7eb", width: 1 }, ticks: { stroke: "#b5bcc4", size: 5 }, values: (plot, splits) => splits.map(short), incrs: figure.group === "clients" ? WHOLE : undefined, ...xSplits(figure) },
      { font: FONT, size: 58, stroke: "#444444", grid: { stroke: "#e4e7eb", width: 1, show: !figure.heat }, ticks: { stroke: "#b5bcc4", size: 5 }, values: (plot, splits) => splits.map(short), ...yTicks(figure) },
    ],
    series: [
      { label: figure.group === "share" ? "share" : figure.group === "time" ? "time" : "clients", value: (plot, x) => shown(figure, x) },
      ...figure.lines.map((line, i) => seriesOf(figure, line, i === 0)),
    ],
    cursor: {
      sync: { key: figure.group, setSeries: false, scales: ["x", null] },
      drag: { x: true, y: false, setScale: true },
      points: { size: 7 },
      bind: { dblclick: () => () => zoom(figure.group, ...full.get(figure.group)) },
    },
    legend: { live: true, markers: { fill: (plot, i) => (i ? figure.lines[i - 1].colour : null) }, mount: (plot, legend) => holder.querySelector(".legend").append(legend) },
    hooks: {
      drawClear: [(plot) => drawBelow(plot, figure)],
      draw: [(plot) => drawAbove(plot, figure)],
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

  const build = (figure) => {
    const holder = document.getElementById(`figure-${figure.name}`);
    const place = holder.querySelector(".plot");
    const length = figure.x.length;
    const data = [figure.x, ...figure.lines.map((line) => (line.values.length ? line.values : Array(length).fill(null)))];
    const plot = new uPlot(options(figure, holder, place.clientWidth), data, place);
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `${figure.title}. ${figure.y_label} against ${figure.x_label}`);
    switches(holder, plot);
    plot.place = place;
    if (!groups.has(figure.group)) groups.set(figure.group, []);
    groups.get(figure.group).push(plot);
    const [min, max] = full.get(figure.group) || [Infinity, -Infinity];
    full.set(figure.group, [Math.min(min, figure.x_min), Math.max(max, figure.x_max)]);
    return plot;
  };

  const plots = new Map(figures.map((figure) => [figure.name, build(figure)]));
  for (const [group, [min, max]] of full) zoom(group, min, max);

  // While printing, figures keep the width of paper, whatever the window's layout does meanwhile.
  let paper = 0;
  const fit = () => {
    for (const plot of plots.values()) {
      const wanted = paper || plot.place.clientWidth;
      if (wanted && plot.width !== wanted) plot.setSize({ width: wanted, height: heightFor(wanted) });
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
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
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
  window.report = { figures, plots, groups };
})();
