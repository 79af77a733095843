"use strict";
(function () {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const button = document.getElementById("theme");
  const picker = document.getElementById("symbol");
  const choices = document.querySelectorAll("button[data-view]");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const probe = document.body.appendChild(document.createElement("span"));
  probe.hidden = true;
  let chosen = null; // the reader's own choice, which beats the system's

  function theme() {
    return chosen || (system.matches ? "dark" : "light");
  }

  // A custom property keeps its light-dark() text; only a painted element knows the colour.
  function color(name) {
    probe.style.color = "var(--" + name + ")";
    return getComputedStyle(probe).color;
  }

  // Figures name their colours (@bot); the theme says what they look like.
  function painted(value) {
    if (typeof value === "string" && value[0] === "@") return color(value.slice(1));
    if (Array.isArray(value)) return value.map(painted);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, painted(item)]));
    }
    return value;
  }

  function axis(given) {
    const quiet = { zeroline: false, gridcolor: color("rule"), linecolor: color("rule"), tickcolor: color("rule") };
    return Object.assign(quiet, given);
  }

  function draw(id, figure) {
    const target = document.getElementById(id);
    if (!target || !figure || typeof Plotly === "undefined") return;
    const narrow = target.clientWidth < 600;
    const shown = { data: figure.data.map(painted), layout: painted(figure.layout) };
    const layout = Object.assign(shown.layout, {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: color("ink-soft") },
      margin: { l: narrow ? 48 : 64, r: 8, t: narrow ? 74 : 44, b: 44 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { color: color("ink") } },
      hoverlabel: { bgcolor: color("sheet"), bordercolor: color("rule"), font: { color: color("ink") } },
      dragmode: narrow ? false : "zoom",
    });
    for (const name of ["xaxis", "yaxis", "yaxis2"]) {
      if (layout[name]) layout[name] = axis(layout[name]);
    }
    return Plotly.react(target, shown.data, layout, { displayModeBar: false, responsive: true, doubleClick: "reset" });
  }

  // Logarithmic where wealth multiplies, else linear; labels a person would write.
  function moneyAxis(traces) {
    let low = Infinity, high = -Infinity;
    for (const trace of traces) {
      if (trace.yaxis || trace.visible === false) continue;
      for (const value of trace.y) {
        if (value > 0) { low = Math.min(low, value); high = Math.max(high, value); }
      }
    }
    if (!(high / low > 3)) return { type: "linear", tickprefix: "$", tickformat: ",.4~s", nticks: 7 };
    const steps = high / low > 40 ? [1, 3] : [1, 2, 3, 5, 7];
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      for (const step of steps) ticks.push(step * Math.pow(10, power));
    }
    const shown = ticks.filter(function (tick) { return tick >= low * 0.9 && tick <= high * 1.1; });
    const short = new Intl.NumberFormat("en", { notation: "compact" });
    return { type: "log", tickvals: shown, ticktext: shown.map(function (tick) { return "$" + short.format(tick); }) };
  }

  function drawEquity() {
    const figure = figures.equity;
    const seen = figure.views[figure.shown];
    figure.data.forEach(function (trace, place) { trace.visible = !seen || seen[place]; });
    Object.assign(figure.layout.yaxis, { tickvals: null, ticktext: null, tickprefix: "", tickformat: "" }, moneyAxis(figure.data));
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.view === figure.shown));
    draw("equity", figure);
  }

  // Prices fill the height of what is seen, not of all there ever was.
  function fitPrices(figure, range) {
    const prices = figure.data[0];
    const from = range ? Date.parse(range[0]) : -Infinity, to = range ? Date.parse(range[1]) : Infinity;
    let low = Infinity, high = -Infinity;
    prices.x.forEach(function (when, place) {
      const at = Date.parse(when);
      if (at < from || at > to) return;
      low = Math.min(low, (prices.low || prices.y)[place]);
      high = Math.max(high, (prices.high || prices.y)[place]);
    });
    const room = (high - low) * 0.06 || high * 0.01;
    return high >= low ? [low - room, high + room] : null;
  }

  function drawSymbol() {
    if (!picker) return;
    const figure = figures.symbols[Number(picker.value)];
    figure.layout.yaxis.range = fitPrices(figure, figure.layout.xaxis.range);
    const drawn = draw("candles", figure);
    if (!drawn) return;
    const target = document.getElementById("candles");
    target.removeAllListeners("plotly_relayout");
    target.on("plotly_relayout", function (change) {
      const moved = Object.keys(change).some(function (key) { return key.startsWith("xaxis"); });
      const range = moved && fitPrices(figure, target.layout.xaxis.autorange ? null : target.layout.xaxis.range);
      if (range) Plotly.relayout(target, { "yaxis.range": range });
    });
  }

  function drawAll() {
    if (chosen) root.dataset.theme = chosen;
    if (button) button.textContent = theme() === "dark" ? "Light" : "Dark";
    drawEquity();
    drawSymbol();
  }

  if (button) {
    button.addEventListener("click", function () {
      chosen = theme() === "dark" ? "light" : "dark";
      drawAll();
    });
  }
  for (const choice of choices) {
    choice.addEventListener("click", function () {
      figures.equity.shown = choice.dataset.view;
      drawEquity();
    });
  }
  if (picker) picker.addEventListener("change", drawSymbol);
  system.addEventListener("change", drawAll);
  drawAll();
})();
