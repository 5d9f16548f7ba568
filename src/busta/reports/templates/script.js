"use strict";
// Says what stands under the pointer or finger, or where the arrow keys are; without it every spot has its own title.
(() => {
  const charts = [];
  for (const svg of document.querySelectorAll("svg.chart")) {
    const ring = svg.querySelector(".ring");
    const tip = svg.parentElement.querySelector(".tip");
    const spots = [...svg.querySelectorAll(".hit")].map((hit) => {
      const title = hit.querySelector("title");
      const words = title.textContent;
      title.remove();
      return { x: Number(hit.getAttribute("cx")), y: Number(hit.getAttribute("cy")), words };
    });
    if (!spots.length) continue;
    let at = -1;
    const hide = () => { tip.textContent = ""; ring.setAttribute("cx", -20); ring.setAttribute("cy", -20); };
    const show = (place) => {
      at = place;
      const { x, y, words } = spots[at];
      ring.setAttribute("cx", x);
      ring.setAttribute("cy", y);
      tip.textContent = words;
      const scale = svg.clientWidth / svg.viewBox.baseVal.width; // the tip is placed in the chart, wherever that scrolls
      const above = y * scale - tip.offsetHeight - 14;
      tip.style.left = `${Math.max(0, Math.min(x * scale - tip.offsetWidth / 2, svg.parentElement.clientWidth - tip.offsetWidth))}px`;
      tip.style.top = `${above > -40 ? above : y * scale + 14}px`;
    };
    const nearest = (event) => {
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const away = spots.map((spot) => Math.hypot(spot.x - x, (spot.y - y) / 4));
      return away.indexOf(Math.min(...away));
    };
    for (const kind of ["pointerdown", "pointermove"]) svg.addEventListener(kind, (event) => show(nearest(event)));
    svg.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); }); // a lifted finger leaves, too
    svg.addEventListener("focus", () => { if (svg.matches(":focus-visible")) show(Math.max(at, 0)); });
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const last = spots.length - 1;
      const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
      if (event.key === "Escape") hide();
      if (to === undefined) return;
      event.preventDefault();
      show(Math.max(0, Math.min(to, last)));
    });
    charts.push({ svg, hide });
  }
  document.addEventListener("pointerdown", (event) => {
    for (const { svg, hide } of charts) if (!svg.contains(event.target)) hide();
  });

  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const reading = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(target.id).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -80% 0px" });
  for (const section of document.querySelectorAll("main > section")) reading.observe(section);

  const folded = () => document.querySelectorAll("details:not([open])");
  let opened = [];
  addEventListener("beforeprint", () => { opened = [...folded()]; for (const each of opened) each.open = true; });
  addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
})();
