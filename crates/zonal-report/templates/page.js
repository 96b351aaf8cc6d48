"use strict";
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  root.classList.add("scripted");

  // Light or dark: the system's preference until the button is pressed.
  document.getElementById("theme").addEventListener("click", () => {
    const dark = getComputedStyle(root).colorScheme === "light dark"
      ? matchMedia("(prefers-color-scheme: dark)").matches
      : root.style.colorScheme === "dark";
    root.style.colorScheme = dark ? "light" : "dark";
  });

  // Shows and hides degrees, runs and so on.
  const boxes = [...document.querySelectorAll(".toggle input")];
  const apply = (box) => {
    for (const element of document.querySelectorAll("[data-toggle]")) {
      if (element.dataset.toggle === box.value) element.classList.toggle("off", !box.checked);
    }
  };
  const setAll = (on) => {
    for (const box of boxes) {
      box.checked = on;
      apply(box);
    }
  };
  for (const box of boxes) {
    apply(box); // Boxes may remain unchecked after a reload.
    box.addEventListener("change", () => apply(box));
  }
  document.getElementById("all")?.addEventListener("click", () => setAll(true));
  document.getElementById("none")?.addEventListener("click", () => setAll(false));

  // The slider moves numbers, cursors and bars.
  const slider = document.getElementById("slider");
  if (slider) {
    const readings = [...document.querySelectorAll("[data-reading]")];
    const move = () => {
      const stop = Number(slider.value);
      document.getElementById("stop").textContent = data.stops[stop];
      slider.setAttribute("aria-valuetext", data.stops[stop]);
      for (const place of document.querySelectorAll(".at")) place.textContent = data.stops[stop];
      for (const cell of readings) cell.textContent = data.readings[Number(cell.dataset.reading)][stop];
      for (const [id, places] of Object.entries(data.cursors)) {
        const cursor = document.querySelector(`#${id} .cursor`);
        const place = places[stop];
        cursor.classList.toggle("on", place !== null);
        if (place !== null) cursor.setAttribute("transform", `translate(${place} 0)`);
      }
      for (const [id, series] of Object.entries(data.bars)) {
        const bars = document.querySelectorAll(`#${id} .moves rect`);
        bars.forEach((bar, i) => {
          const bottom = Number(bar.dataset.bottom ??= Number(bar.getAttribute("y")) + Number(bar.getAttribute("height")));
          const height = series[i][stop];
          bar.setAttribute("height", height);
          bar.setAttribute("y", bottom - height);
          bar.dataset.v = `${bar.dataset.v.split("|")[0]}|${data.heights[id][i][stop]}`;
        });
      }
    };
    slider.addEventListener("input", move);
    move();
  }

  // Values under the pointer.
  const tip = document.getElementById("tip");
  const NEAR = 24;
  const show = (event) => {
    const svg = event.currentTarget;
    let nearest = null;
    let least = NEAR;
    for (const mark of svg.querySelectorAll("[data-v]")) {
      if (mark.closest(".off")) continue;
      const box = mark.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right
        && event.clientY >= box.top && event.clientY <= box.bottom;
      const distance = inside ? 0
        : Math.hypot(event.clientX - (box.left + box.right) / 2, event.clientY - (box.top + box.bottom) / 2);
      if (distance < least) [nearest, least] = [mark, distance];
    }
    if (!nearest) {
      tip.hidden = true;
      return;
    }
    const [x, y] = nearest.dataset.v.split("|");
    const name = nearest.closest("[data-name]")?.dataset.name || svg.dataset.y;
    tip.textContent = `${svg.dataset.x} ${x}: ${name} ${y}`;
    tip.hidden = false;
    const width = tip.offsetWidth;
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, innerWidth - width - 4))}px`;
    tip.style.top = `${Math.max(4, event.clientY - 34)}px`;
  };
  for (const svg of document.querySelectorAll("figure svg")) {
    svg.addEventListener("pointermove", show);
    svg.addEventListener("pointerdown", show);
    svg.addEventListener("pointerleave", () => { tip.hidden = true; });
  }
})();
