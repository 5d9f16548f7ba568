"use strict";
// Says what stands under the pointer, or where the arrow keys are; without it every spot still has its own title.
(() => {
  const tip = document.getElementById("tip");
  const hide = (ring) => { tip.textContent = ""; ring.setAttribute("cx", -20); ring.setAttribute("cy", -20); };
  for (const svg of document.querySelectorAll("svg.chart")) {
    const ring = svg.querySelector(".ring");
    const spots = [...svg.querySelectorAll(".hit")].map((hit) => {
      const title = hit.querySelector("title");
      const words = title.textContent;
      title.remove();
      return { x: Number(hit.getAttribute("cx")), y: Number(hit.getAttribute("cy")), words };
    });
    let at = -1;
    const show = (place) => {
      at = place;
      const { x, y, words } = spots[at];
      ring.setAttribute("cx", x);
      ring.setAttribute("cy", y);
      tip.textContent = words;
      const on = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
      const box = tip.getBoundingClientRect();
      const above = on.y - box.height - 14;
      tip.style.left = `${Math.max(4, Math.min(on.x - box.width / 2, innerWidth - box.width - 4))}px`;
      tip.style.top = `${above > 4 ? above : on.y + 14}px`;
    };
    const nearest = (event) => {
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const away = spots.map((spot) => Math.hypot(spot.x - x, (spot.y - y) / 4));
      return away.indexOf(Math.min(...away));
    };
    if (!spots.length) continue;
    svg.addEventListener("pointermove", (event) => show(nearest(event)));
    svg.addEventListener("pointerleave", () => hide(ring));
    svg.addEventListener("focus", () => { if (svg.matches(":focus-visible")) show(Math.max(at, 0)); });
    svg.addEventListener("blur", () => hide(ring));
    svg.addEventListener("keydown", (event) => {
      const last = spots.length - 1;
      const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
      if (event.key === "Escape") hide(ring);
      if (to === undefined) return;
      event.preventDefault();
      show(Math.max(0, Math.min(to, last)));
    });
  }
})();
