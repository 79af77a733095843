"use strict";
(function () {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const button = document.getElementById("theme");
  const picker = document.getElementById("symbol");
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
      margin: { l: narrow ? 48 : 64, r: 8, t: narrow ? 74 : 44, b: 30 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { color: color("ink") } },
      hoverlabel: { bgcolor: color("sheet"), bordercolor: color("rule"), font: { color: color("ink") } },
      dragmode: narrow ? false : "zoom",
    });
    for (const name of ["xaxis", "yaxis", "yaxis2"]) {
      if (layout[name]) layout[name] = axis(layout[name]);
    }
    return Plotly.react(target, shown.data, layout, { displayModeBar: false, responsive: true, doubleClick: "reset" });
  }

  function drawSymbol() {
    if (picker) draw("candles", figures.symbols[Number(picker.value)]);
  }

  function drawAll() {
    if (chosen) root.dataset.theme = chosen;
    if (button) button.textContent = theme() === "dark" ? "Light" : "Dark";
    draw("equity", figures.equity);
    drawSymbol();
  }

  if (button) {
    button.addEventListener("click", function () {
      chosen = theme() === "dark" ? "light" : "dark";
      drawAll();
    });
  }
  if (picker) picker.addEventListener("change", drawSymbol);
  system.addEventListener("change", drawAll);
  drawAll();
})();
