/* A figure under the keyboard: arrows read its values, + and - zoom, Shift and arrows move, Escape
   shows all again. A screen reader hears what the legend shows. */
const keyboard = (() => {
  const spoken = document.getElementById("spoken");

  const say = (holder) => {
    const rows = [...holder.querySelectorAll(".legend .u-series")];
    const texts = rows.map((row) => `${row.querySelector(".u-label").textContent} ${row.querySelector(".u-value").textContent}`);
    spoken.textContent = texts.join("; ");
  };

  /* The next place with the cursor on it, from the first that is shown on. */
  const point = (plot, step) => {
    const [xs, { min, max }] = [plot.data[0], plot.scales.x];
    const shown = xs.map((x, place) => place).filter((place) => xs[place] != null && xs[place] >= min && xs[place] <= max);
    if (!shown.length) return;
    const at = shown.indexOf(plot.cursor.idx);
    const next = at < 0 ? (step > 0 ? 0 : shown.length - 1) : Math.min(shown.length - 1, Math.max(0, at + step));
    plot.setCursor({ left: plot.valToPos(xs[shown[next]], "x"), top: plot.over.clientHeight / 2 });
  };

  const inside = ([low, high], min, max) => {
    const moved = Math.max(0, low - min) - Math.max(0, max - high);
    return max - min >= high - low ? [low, high] : [min + moved, max + moved];
  };

  /* The stretch of the x axis after a key; null for any other key. */
  const stretch = (plot, whole, event) => {
    const { min, max } = plot.scales.x;
    const { left } = plot.cursor;
    const middle = left != null && left >= 0 ? plot.posToVal(left, "x") : (min + max) / 2;
    const about = (factor) => inside(whole, middle + (min - middle) * factor, middle + (max - middle) * factor);
    const aside = (share) => inside(whole, min + (max - min) * share, max + (max - min) * share);
    if (event.shiftKey && event.key === "ArrowLeft") return aside(-0.25);
    if (event.shiftKey && event.key === "ArrowRight") return aside(0.25);
    if (event.key === "+" || event.key === "=") return about(0.5);
    if (event.key === "-") return about(2);
    return event.key === "Escape" || event.key === "Home" ? whole : null;
  };

  /* `zoom` shows a stretch in all charts of the group; `whole` is all of it. */
  const listen = (place, holder, plot, whole, zoom) => {
    place.tabIndex = 0;
    place.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const wanted = stretch(plot, whole, event);
      if (wanted) zoom(...wanted);
      else if (event.key === "ArrowLeft" || event.key === "ArrowRight") point(plot, event.key === "ArrowRight" ? 1 : -1);
      else return;
      event.preventDefault();
      requestAnimationFrame(() => say(holder));
    });
  };

  return { listen };
})();
